// Dify's client for node, as it is published: the app's address stands where Dify's own would.

import assert from "node:assert/strict";
import { test } from "node:test";

import { ChatClient, CompletionClient } from "dify-client";

import { endpoint, key, pixel, url } from "./relay.js";

const chat = (app, base = url, apiKey = key) => new ChatClient(apiKey, `${base}/duck/${app}`);

// The events of a stream.
async function events(response) {
  let text = "";
  for await (const piece of response.data) text += piece;
  return text
    .split("\n")
    .filter((line) => line.startsWith("data: "))
    .map((line) => JSON.parse(line.slice("data: ".length)));
}

test("a chat answers in one piece", async () => {
  const { data } = await chat("chat-3-0").createChatMessage({}, "hi", "bob");
  assert.equal(data.answer, " tok0 tok1 tok2");
  assert.ok(data.conversation_id);
});

test("a chat streams", async () => {
  const said = await events(await chat("chat-3-10").createChatMessage({}, "hi", "bob", true));
  assert.deepEqual(said.map((event) => event.event), ["message", "message", "message", "message_end"]);
  assert.equal(said.slice(0, 3).map((event) => event.answer).join(""), " tok0 tok1 tok2");
});

test("a conversation goes on by its id", async () => {
  const { url: own, runs } = await endpoint();
  const client = chat("parrot", own);
  const { data } = await client.createChatMessage({}, "one", "bob");
  await client.createChatMessage({}, "two", "bob", false, data.conversation_id);
  assert.deepEqual((await runs()).map((run) => run.conversation_id ?? ""), ["", data.conversation_id]);
});

test("a workflow answers", async () => {
  const client = new CompletionClient(key, `${url}/duck/form-text.city`);
  const { data } = await client.runWorkflow({ city: "Paris" }, "bob");
  assert.deepEqual(data.data.outputs, { city: "Paris" });
});

test("an app tells its parameters", async () => {
  const { data } = await chat("demo-chat").getApplicationParameters("bob");
  assert.match(data.opening_statement, /Quack/);
  assert.ok(data.user_input_form.length > 0);
});

test("a file is uploaded, and used in a message", async () => {
  const client = chat("chatform-file.picture");
  const form = new FormData();
  form.append("file", new Blob([Buffer.from(pixel, "base64")], { type: "image/png" }), "duck.png");
  form.append("user", "bob");
  const uploaded = await client.fileUpload(form);
  assert.equal(uploaded.data.name, "duck.png");
  const file = { type: "image", transfer_method: "local_file", upload_file_id: uploaded.data.id };
  const { data } = await client.createChatMessage({}, "what is it", "bob", false, null, [file]);
  assert.equal(JSON.parse(data.answer).picture.type, "image");
});

test("errors have Dify's envelope", async () => {
  await assert.rejects(chat("parrot", url, "wrong").createChatMessage({}, "hi", "bob"), (error) => {
    assert.deepEqual([error.response.status, error.response.data.code], [401, "unauthorized"]);
    return true;
  });
  await assert.rejects(chat("nope").createChatMessage({}, "hi", "bob"), (error) => error.response.status === 404);
});

test("what can't be had is an empty list", async () => {
  const { data } = await chat("parrot").getConversations("bob");
  assert.deepEqual(data, { data: [], has_more: false, limit: 20 });
});
