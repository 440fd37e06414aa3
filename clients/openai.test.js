// OpenAI's client for node, as it is published.

import assert from "node:assert/strict";
import { test } from "node:test";

import OpenAI, { toFile } from "openai";

import { asked, endpoint, key, pixel, url, user } from "./relay.js";

const at = (base, options = {}) => new OpenAI({ baseURL: `${base}/v1`, apiKey: key, ...options });
const shared = at(url);
const say = (client, model, ...messages) => client.chat.completions.create({ model, messages });
const said = (completion) => completion.choices[0].message.content;

test("an app answers", async () => {
  const completion = await say(shared, "chat-3-0", user("hi"));
  assert.equal(said(completion), " tok0 tok1 tok2");
  assert.equal(completion.choices[0].finish_reason, "stop");
  assert.deepEqual(completion.usage, { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 });
});

test("an app streams, and tells its usage", async () => {
  const stream = await shared.chat.completions.create({
    model: "chat-20-10",
    messages: [user("hi")],
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = "";
  let usage = null;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, Array.from({ length: 20 }, (_, number) => ` tok${number}`).join(""));
  assert.equal(usage.total_tokens, 30);
});

test("the stream helper gathers the whole completion", async () => {
  const runner = shared.chat.completions.stream({ model: "agent-3-10", messages: [user("hi")] });
  assert.equal(said(await runner.finalChatCompletion()), " tok0 tok1 tok2");
});

test("a second turn goes on in the same conversation", async () => {
  const { url: own, runs } = await endpoint();
  const client = at(own);
  const messages = [{ role: "system", content: "Be a duck." }, user("one")];
  const first = await say(client, "parrot", ...messages);
  const second = await say(client, "parrot", ...messages, first.choices[0].message, user("two"));
  assert.equal(said(second), "two");
  assert.deepEqual(asked(await runs()), [["Be a duck.\n\none", false], ["two", true]]);
});

test("an image reaches the app", async () => {
  for (const link of [`data:image/png;base64,${pixel}`, "https://pond.example/duck.png"]) {
    const content = [{ type: "text", text: "what is it" }, { type: "image_url", image_url: { url: link } }];
    const { picture } = JSON.parse(said(await say(shared, "chatform-file.picture", user(content))));
    assert.equal(picture.type, "image");
  }
});

test("models are listed", async () => {
  const { url: own } = await endpoint({ allowed_apps: "gpt-duck=chat-1-0, echo" });
  const ids = [];
  for await (const model of at(own).models.list()) ids.push(model.id);
  assert.deepEqual(ids, ["gpt-duck", "echo"]);
});

test("errors are of the client's own classes", async () => {
  const wrong = new OpenAI({ baseURL: `${url}/v1`, apiKey: "wrong" });
  await assert.rejects(say(wrong, "parrot", user("hi")), OpenAI.AuthenticationError);
  await assert.rejects(say(shared, "nope", user("hi")), OpenAI.NotFoundError);
  await assert.rejects(say(shared, "parrot"), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, "messages");
    assert.match(error.message, /at least one message/);
    return true;
  });
  const { url: own } = await endpoint({ allowed_apps: "echo" });
  await assert.rejects(say(at(own), "parrot", user("hi")), OpenAI.PermissionDeniedError);
});

test("an app that failed is not run again by the client itself", async () => {
  const { url: own, runs } = await endpoint();
  await assert.rejects(say(at(own), "error-it_flew_away", user("hi")), OpenAI.InternalServerError);
  assert.equal((await runs()).length, 1);
});

test("an app that fails midway raises in the middle of the stream", async () => {
  const { url: own, runs } = await endpoint();
  const stream = await at(own).chat.completions.create({
    model: "broken-3-30-it_flew_away",
    messages: [user("hi")],
    stream: true,
  });
  let text = "";
  await assert.rejects(async () => {
    for await (const chunk of stream) text += chunk.choices[0].delta.content ?? "";
  }, (error) => error instanceof OpenAI.APIError && /it flew away/.test(error.message));
  assert.equal(text, " tok0 tok1 tok2");
  assert.equal((await runs()).length, 1);
});

test("a client that has waited long enough says so", async () => {
  const hasty = at(url, { timeout: 500, maxRetries: 0 });
  await assert.rejects(say(hasty, "silent-3", user("hi")), OpenAI.APIConnectionTimeoutError);
});

test("a response answers, and the next goes on with it", async () => {
  const { url: own, runs } = await endpoint();
  const client = at(own);
  const first = await client.responses.create({ model: "parrot", input: "one" });
  assert.equal(first.output_text, "one");
  const second = await client.responses.create({ model: "parrot", input: "two", previous_response_id: first.id });
  assert.equal(second.output_text, "two");
  assert.deepEqual(asked(await runs()), [["one", false], ["two", true]]);
});

test("a response streams its events in order", async () => {
  const stream = await shared.responses.create({ model: "chat-3-10", input: "hi", stream: true });
  const events = [];
  for await (const event of stream) events.push(event);
  assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, number) => number));
  const text = events.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta);
  assert.equal(text.join(""), " tok0 tok1 tok2");
  assert.equal(events.at(-1).type, "response.completed");
});

test("a file is uploaded, and used by its id", async () => {
  const file = await toFile(Buffer.from(pixel, "base64"), "duck.png", { type: "image/png" });
  const uploaded = await shared.files.create({ file, purpose: "user_data" });
  assert.match(uploaded.id, /^file-/);
  const content = [{ type: "text", text: "what is it" }, { type: "file", file: { file_id: uploaded.id } }];
  const { picture } = JSON.parse(said(await say(shared, "chatform-file.picture", user(content))));
  assert.equal(picture.type, "image");
});
