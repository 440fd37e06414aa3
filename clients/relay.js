// Where the relay is, and what has reached Dify through it.

import { randomUUID } from "node:crypto";

export const url = process.env.DUCK_URL;
export const key = process.env.DUCK_KEY;
export const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

// An endpoint of its own, and a function that gives the runs of its apps.
export async function endpoint(settings = {}) {
  const hook = randomUUID().replaceAll("-", "").slice(0, 16);
  const answer = await fetch(`${process.env.DUCK_WORKSPACE}/workspace/endpoints/${hook}`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ settings: { api_key: key, ...settings } }),
  });
  const runs = async () => {
    const calls = await fetch(`${process.env.DUCK_WORKSPACE}/workspace/calls?hook=${hook}`);
    return (await calls.json()).filter((call) => call.type === "app").map((call) => call.request);
  };
  return { url: (await answer.json()).url, runs };
}

// What of each run tells whether it went on in a conversation.
export const asked = (runs) => runs.map((run) => [run.query, Boolean(run.conversation_id)]);

export const user = (content) => ({ role: "user", content });
