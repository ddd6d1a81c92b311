// Runs the function of the edge on the table of tokens, as CloudFront would, and writes what it answers: a line of JSON
// for each row. Called by the tests.
import crypto from 'node:crypto';
import fs from 'node:fs';

const here = new URL('.', import.meta.url);
const table = JSON.parse(fs.readFileSync(new URL('tokens.json', here), 'utf8'));
const source = fs.readFileSync(new URL('viewer-request.js', here), 'utf8');

const kept = {
    keys: [table.keys.current, table.keys.previous, table.keys.empty], iss: table.issuer, aud: table.audience,
};
let stored = JSON.stringify(kept);
const cf = {
    kvs: () => ({
        get: async (name) => {
            if (stored === null || name !== 'tokens') throw new Error('no such key');
            return stored;
        },
    }),
};
const body = source.replace(/^import .*$/gm, '');
const handler = new Function('crypto', 'cf', `${body}\nreturn handler;`)(crypto, cf);
Date.now = () => table.now * 1000;

const encoded = (text) => Buffer.from(text, 'utf8').toString('base64url');

function token(row) {
    if (row.token !== undefined) return row.token;
    const message = `${encoded(row.header)}.${encoded(row.claims)}`;
    const hmac = crypto.createHmac('sha256', table.keys[row.key]);
    const signature = hmac.update(row.message ?? message).digest('base64url');
    return `${message}.${row.cut === undefined ? signature : signature.slice(0, row.cut)}`;
}

function headers(row) {
    if (row.authorization === null) return {};
    const value = row.authorization ?? `${row.scheme ?? 'Bearer '}${token(row)}`;
    const one = { value };
    return { authorization: row.twice ? { ...one, multiValue: [one, one] } : one };
}

async function answer(uri, given) {
    // Whoever asks says whose answer it wants; that must count for nothing.
    const all = { ...given, 'x-sqm-tenant': { value: 'somebody-else' }, host: { value: 'edge.example' } };
    const request = { method: 'GET', uri, querystring: {}, headers: all, cookies: {} };
    return handler({ version: '1.0', context: { requestId: 'r-1' }, viewer: { ip: '::1' }, request });
}

const write = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
for (const row of table.rows) {
    const said = await answer('/v1/queries', headers(row));
    if (said.statusCode) {
        write({
            name: row.name, status: said.statusCode, document: JSON.parse(said.body.data),
            headers: Object.fromEntries(Object.entries(said.headers).map(([name, { value }]) => [name, value])),
        });
    } else {
        write({ name: row.name, tenant: said.headers['x-sqm-tenant'].value });
    }
}
for (const uri of ['/v1/health', '/v1/openapi.yaml', '/v1/health/', '/V1/health', '/v1/openapi.yaml/../queries']) {
    const said = await answer(uri, {});
    write({ uri, status: said.statusCode ?? null, tenant: said.headers['x-sqm-tenant']?.value ?? null });
}
// How long it takes with the whole table, once it is warm: the median for a token.
const took = [];
for (let round = 0; round < 20; round += 1) {
    for (const row of table.rows) {
        const given = headers(row);
        const begun = performance.now();
        await answer('/v1/queries', given);
        if (round > 0) took.push(performance.now() - begun);
    }
}
took.sort((one, other) => one - other);
write({ milliseconds: took[Math.floor(took.length / 2)] });
const whole = headers(table.rows[0]);
for (const wrong of [null, 'no JSON', '{}']) {
    stored = wrong;
    const said = await answer('/v1/queries', whole).catch((error) => ({ statusCode: `${error}` }));
    write({ store: wrong, status: said.statusCode ?? null });
}
