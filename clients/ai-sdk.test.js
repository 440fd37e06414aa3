// Vercel's AI SDK with its providers for OpenAI's APIs, as they are published.

import assert from "node:assert/strict";
import { test } from "node:test";

import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateText, streamText } from "ai";

import { asked, endpoint, key, pixel, url, user } from "./relay.js";

const at = (base, apiKey = key) =>
  createOpenAICompatible({ name: "duck", baseURL: `${base}/v1`, apiKey, includeUsage: true });
const shared = at(url);

test("generateText gives an app's answer", async () => {
  const { text, usage, finishReason } = await generateText({ model: shared("chat-3-0"), prompt: "hi" });
  assert.equal(text, " tok0 tok1 tok2");
  assert.deepEqual([usage.inputTokens, usage.outputTokens, finishReason], [10, 20, "stop"]);
});

test("streamText gives it as it comes", async () => {
  const result = streamText({ model: shared("chat-20-10"), prompt: "hi" });
  const pieces = [];
  for await (const piece of result.textStream) pieces.push(piece);
  assert.deepEqual(pieces, Array.from({ length: 20 }, (_, number) => ` tok${number}`));
  assert.equal((await result.usage).totalTokens, 30);
});

test("an agent's thoughts are reasoning", async () => {
  const { reasoningText } = await generateText({ model: shared("agent-1-0"), prompt: "hi" });
  assert.equal(reasoningText, "I should ask the duck.\nduck()\n→ quack");
});

test("a second turn goes on in the same conversation", async () => {
  const { url: own, runs } = await endpoint();
  const model = at(own)("agent-2-0");
  const first = await generateText({ model, system: "Be a duck.", messages: [user("one")] });
  await generateText({ model, system: "Be a duck.", messages: [user("one"), ...first.response.messages, user("two")] });
  assert.deepEqual(asked(await runs()), [["Be a duck.\n\none", false], ["two", true]]);
});

test("an image reaches the app", async () => {
  for (const image of [Buffer.from(pixel, "base64"), `data:image/png;base64,${pixel}`]) {
    const content = [{ type: "text", text: "what is it" }, { type: "image", image }];
    const { text } = await generateText({ model: shared("chatform-file.picture"), messages: [user(content)] });
    assert.equal(JSON.parse(text).picture.type, "image");
  }
});

test("errors are APICallError", async () => {
  const cases = [
    [at(url, "wrong")("parrot"), 401, /The key is wrong/],
    [shared("nope"), 404, /app not found/],
    [shared("error-it_flew_away"), 502, /it flew away/],
  ];
  for (const [model, statusCode, told] of cases) {
    await assert.rejects(generateText({ model, prompt: "hi", maxRetries: 0 }), (error) => {
      assert.ok(APICallError.isInstance(error));
      assert.equal(error.statusCode, statusCode);
      assert.match(error.message, told);
      return true;
    });
  }
});

test("an app that fails midway is an error in the stream", async () => {
  const { url: own, runs } = await endpoint();
  const errors = [];
  const result = streamText({
    model: at(own)("broken-3-30-it_flew_away"),
    prompt: "hi",
    onError: ({ error }) => errors.push(error),
  });
  let text = "";
  for await (const part of result.fullStream) if (part.type === "text-delta") text += part.text;
  assert.equal(text, " tok0 tok1 tok2");
  assert.match(String(errors[0]?.message ?? errors[0]), /it flew away/);
  assert.equal((await runs()).length, 1);
});

test("by responses an app answers, streams, and goes on by items of the last response", async () => {
  const { url: own, runs } = await endpoint();
  const model = createOpenAI({ baseURL: `${own}/v1`, apiKey: key }).responses("agent-2-10");
  const first = await generateText({ model, messages: [user("one")] });
  assert.equal(first.text, " tok0 tok1");
  const messages = [user("one"), ...first.response.messages, user("two")];
  const second = streamText({ model, messages });
  let text = "";
  for await (const piece of second.textStream) text += piece;
  assert.equal(text, " tok0 tok1");
  assert.equal((await second.usage).totalTokens, 30);
  assert.deepEqual(asked(await runs()), [["one", false], ["two", true]]);
});

test("a failing app is asked once where retries are off", async () => {
  const { url: own, runs } = await endpoint();
  await assert.rejects(generateText({ model: at(own)("error-it_flew_away"), prompt: "hi", maxRetries: 0 }), APICallError);
  assert.equal((await runs()).length, 1);
});
