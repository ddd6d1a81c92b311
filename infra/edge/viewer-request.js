// Before every request: verifies the token as the origin does, and says whose answer it is in a header that is a part of
// the cache key. JavaScript runtime 2.0: no for-of, no destructuring, no closures in async functions; at most 10 KB.
// The key value store has one entry, `tokens`: {"keys": ["current", "the one before"], "iss": "...", "aud": "..."}.
import crypto from 'crypto';
import cf from 'cloudfront';

const store = cf.kvs();

const TENANT = 'x-sqm-tenant';
const OPEN = ['/v1/health', '/v1/openapi.yaml'];

// As shared/http/src/auth/token.rs has them.
const MAX_TOKEN_BYTES = 4096;
const LEEWAY_S = 30;
const MAX_DEPTH = 127;

const TEXTS = ['typ', 'cty', 'jku', 'kid', 'x5u', 'x5t', 'x5t#S256', 'url', 'nonce'];
const REFUSED = ['crit', 'jwk', 'enc', 'zip'];

function refusal(detail, claim) {
    return { refusal: true, detail: detail, claim: claim };
}

const ASK = 'send one header `Authorization: Bearer <token>`';
const malformed = refusal('the token is not a signed JWT');
const foreignAlgorithm = refusal('the token is not signed with HS256');

function bearer(header) {
    if (!header || (header.multiValue && header.multiValue.length > 1)) return refusal(ASK);
    const value = header.value;
    if (!/^[\t\x20-\x7e]*$/.test(value)) return refusal(ASK);
    const space = value.indexOf(' ');
    if (space < 0 || value.slice(0, space).toLowerCase() !== 'bearer') return refusal(ASK);
    return value.slice(space + 1).trim();
}

// The text of a part in base64url without padding; null where it is none, or no UTF-8.
function decoded(part) {
    if (!/^[A-Za-z0-9_-]*$/.test(part)) return null;
    const bytes = Buffer.from(part, 'base64url');
    if (bytes.toString('base64url') !== part) return null;
    const text = bytes.toString('utf8');
    return Buffer.from(text, 'utf8').toString('base64url') === part ? text : null;
}

// How deep a text nests, and whether its outermost object has a member twice: JSON.parse says neither.
function shape(text) {
    let depth = 0, deepest = 0, twice = false;
    const names = {};
    const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[[{]|[\]}]/g;
    let found = token.exec(text);
    while (found !== null) {
        const first = found[0][0];
        if (first === '[' || first === '{') {
            depth += 1;
            deepest = Math.max(deepest, depth);
        } else if (first === ']' || first === '}') {
            depth -= 1;
        } else if (found[1] && depth === 1) {
            const name = 'n' + JSON.parse(found[0].slice(0, -found[1].length));
            twice = twice || names[name] === true;
            names[name] = true;
        }
        found = token.exec(text);
    }
    return { deepest: deepest, twice: twice };
}

// What the origin's JSON does not take: numbers out of range, halves of surrogate pairs.
function strict(key, value) {
    encodeURIComponent(key);
    if (typeof value === 'string') encodeURIComponent(value);
    if (typeof value === 'number' && !isFinite(value)) throw new Error('a number out of range');
    return value;
}

function parsed(text) {
    try {
        return shape(text).deepest > MAX_DEPTH ? undefined : JSON.parse(text, strict);
    } catch (error) {
        return undefined;
    }
}

function isObject(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function given(value) {
    return value !== undefined && value !== null;
}

function header(part) {
    const text = decoded(part);
    const value = text === null ? undefined : parsed(text);
    if (value === undefined) return malformed;
    if (!isObject(value) || shape(text).twice || value.alg !== 'HS256') return foreignAlgorithm;
    const wrong = TEXTS.some((name) => given(value[name]) && typeof value[name] !== 'string')
        || REFUSED.some((name) => given(value[name]))
        || (given(value.x5c) && !(Array.isArray(value.x5c) && value.x5c.every((one) => typeof one === 'string')));
    return wrong ? foreignAlgorithm : null;
}

// Whether the key has made the signature, found out in the same time whatever differs.
function isSigned(message, signature, key) {
    const made = crypto.createHmac('sha256', key).update(message).digest('base64url');
    let differs = made.length ^ signature.length;
    for (let at = 0; at < made.length; at += 1) {
        differs |= made.charCodeAt(at) ^ signature.charCodeAt(at % Math.max(signature.length, 1));
    }
    return differs === 0;
}

function missing(claim) {
    return refusal(`the claim ${claim} is missing`, claim);
}

function malformedClaim(claim) {
    return refusal(`the claim ${claim} is malformed`, claim);
}

function foreign(claim) {
    return refusal(`the claim ${claim} is not accepted here`, claim);
}

function text(claims, claim) {
    if (claims[claim] === undefined) return missing(claim);
    return typeof claims[claim] === 'string' ? null : malformedClaim(claim);
}

function audience(aud, expected) {
    if (aud === undefined) return missing('aud');
    const all = typeof aud === 'string' ? [aud] : aud;
    if (!Array.isArray(all) || !all.every((one) => typeof one === 'string')) return malformedClaim('aud');
    return all.indexOf(expected) < 0 ? foreign('aud') : null;
}

function isSubject(sub) {
    const characters = sub.length - (sub.match(/[\ud800-\udbff]/g) || []).length;
    return sub.trim() !== '' && characters <= 128 && !/[\u0000-\u001f\u007f-\u009f]/.test(sub);
}

function checked(claims, accepted, now) {
    if (claims.exp === undefined) return missing('exp');
    if (typeof claims.exp !== 'number') return malformedClaim('exp');
    if (claims.exp + LEEWAY_S <= now) return refusal('the token has expired (exp)', 'exp');
    if (claims.nbf !== undefined && typeof claims.nbf !== 'number') return malformedClaim('nbf');
    if (claims.nbf - LEEWAY_S > now) return refusal('the token is not valid yet (nbf)', 'nbf');
    const wrong = text(claims, 'iss') || (claims.iss !== accepted.iss && foreign('iss'))
        || audience(claims.aud, accepted.aud) || text(claims, 'sub')
        || (!isSubject(claims.sub) && malformedClaim('sub')) || text(claims, 'workspace')
        || (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(claims.workspace) && malformedClaim('workspace'))
        || text(claims, 'scope');
    if (wrong) return wrong;
    const scopes = claims.scope.split(' ').filter((name) => name !== '').sort();
    return { workspace: claims.workspace, scopes: scopes.filter((name, at) => name !== scopes[at - 1]) };
}

function verified(token, accepted, now) {
    if (token.length > MAX_TOKEN_BYTES) return refusal(`the token is longer than ${MAX_TOKEN_BYTES} bytes`);
    const parts = token.split('.');
    if (parts.length !== 3 || !/^[A-Za-z0-9_.-]*$/.test(token)) return malformed;
    const wrong = header(parts[0]);
    if (wrong) return wrong;
    const signature = parts[2];
    if (Buffer.from(signature, 'base64url').toString('base64url') !== signature) return malformed;
    const keys = accepted.keys.filter((key) => key.length >= 32);
    if (!keys.some((key) => isSigned(parts[0] + '.' + parts[1], signature, key))) {
        return refusal('the signature is not valid');
    }
    const body = decoded(parts[1]);
    const claims = body === null ? undefined : parsed(body);
    return isObject(claims) ? checked(claims, accepted, now) : malformed;
}

// All that two tokens must have in common to be shown the same answer. A hash of the scopes, since they may be of any
// number; those that nobody knows included, so that a new one is never passed over.
function tenant(caller) {
    return caller.workspace + '.' + crypto.createHash('sha256').update(caller.scopes.join(' ')).digest('base64url');
}

function refused(status, document, headers) {
    headers['content-type'] = { value: 'application/problem+json' };
    headers['cache-control'] = { value: 'no-store' };
    return { statusCode: status, headers: headers, body: { encoding: 'text', data: JSON.stringify(document) } };
}

function unauthenticated(why, id) {
    const document = { type: '/problems/unauthenticated', title: 'A valid bearer token is required', status: 401 };
    document.detail = why.detail;
    document.request_id = id;
    if (why.claim) document.claim = why.claim;
    const said = why.detail === ASK ? '' : `, error="invalid_token", error_description="${why.detail}"`;
    return refused(401, document, {
        'www-authenticate': { value: 'Bearer realm="sqm"' + said }, 'x-request-id': { value: id },
    });
}

function unavailable(id) {
    const title = 'The service is unavailable for the moment';
    const document = { type: '/problems/unavailable', title: title, status: 503, request_id: id };
    return refused(503, document, { 'retry-after': { value: '5' }, 'x-request-id': { value: id } });
}

async function handler(event) {
    const request = event.request;
    const id = event.context.requestId;
    // Nobody but this function says whose answer it is.
    delete request.headers[TENANT];
    if (OPEN.indexOf(request.uri) >= 0) {
        request.headers[TENANT] = { value: 'open' };
        return request;
    }
    const token = bearer(request.headers.authorization);
    if (token.refusal) return unauthenticated(token, id);
    let accepted;
    try {
        accepted = JSON.parse(await store.get('tokens'));
        if (!Array.isArray(accepted.keys)) return unavailable(id);
    } catch (error) {
        return unavailable(id);
    }
    const caller = verified(token, accepted, Math.floor(Date.now() / 1000));
    if (caller.refusal) return unauthenticated(caller, id);
    request.headers[TENANT] = { value: tenant(caller) };
    return request;
}
