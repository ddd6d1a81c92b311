// A chat endpoint before a model of llama.cpp: as much of OpenAI's protocol as a client of ours needs.

import {createServer} from "node:http";
import {getLlama, LlamaChatSession} from "node-llama-cpp";

// One thread: with as many as there are processors they wait for each other as soon as anything else runs.
const llama = await getLlama({build: "never", gpu: false, logLevel: "error", maxThreads: 1});
const model = await llama.loadModel({modelPath: process.argv[2]});

async function answer(asked) {
    const context = await model.createContext({contextSize: 4096, threads: 1});
    try {
        const [system, ...rest] = asked.messages;
        const session = new LlamaChatSession({contextSequence: context.getSequence(), systemPrompt: system.content});
        const question = rest.map((message) => message.content).join("\n");
        // A schema is answered with JSON of any form, as endpoints without structured output do it.
        const grammar = asked.response_format ? await llama.getGrammarFor("json") : undefined;
        const content = await session.prompt(question, {maxTokens: asked.max_tokens, temperature: 0, grammar});
        const count = (text) => model.tokenize(text).length;
        const [prompt_tokens, completion_tokens] = [count(system.content + question), count(content)];
        const finish_reason = completion_tokens >= asked.max_tokens ? "length" : "stop";
        return {
            object: "chat.completion",
            model: asked.model,
            choices: [{index: 0, message: {role: "assistant", content}, finish_reason}],
            usage: {prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens},
        };
    } finally {
        await context.dispose();
    }
}

const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    try {
        const body = JSON.stringify(await answer(JSON.parse(Buffer.concat(parts).toString())));
        response.writeHead(200, {"content-type": "application/json", "x-request-id": crypto.randomUUID()}).end(body);
    } catch (error) {
        const body = JSON.stringify({error: {message: String(error), type: "server_error", code: "server_error"}});
        response.writeHead(500, {"content-type": "application/json"}).end(body);
    }
});
// A second line, so that the first is whole when it is read.
server.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${server.address().port}\nready`));
