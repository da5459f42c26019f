// The webhook on fastify and better-sqlite3. GROUPED=1: the requests that one turn of the event loop brought share a commit.
import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { createRequire } from "node:module";

// Packages are installed beside the build, not beside this file.
const require = createRequire(process.env.PEERS + "/");
const Database = require("better-sqlite3");
const fastify = require("fastify");

const secret = process.env.WEBHOOK_SECRET;
const db = new Database(process.env.DB);
db.pragma("journal_mode = WAL");
db.pragma(`synchronous = ${process.env.SYNCHRONOUS}`);

const insertEvent = db.prepare(`
  INSERT INTO sync_events (id, source, event, record_id, source_timestamp, received_at, status)
  VALUES (?, 'crm', ?, ?, ?, ?, 'ok') ON CONFLICT (id) DO NOTHING`);
const findContact = db.prepare("SELECT id FROM contacts WHERE external_id = ?");
const updateContact = db.prepare(`
  UPDATE contacts SET first_name = ?, last_name = ?, email = ?, phone = ?, company = ?, title = ?, status = ?,
    source_timestamp = ?, updated_at = ? WHERE id = ?`);
const insertContact = db.prepare(`
  INSERT INTO contacts (first_name, last_name, email, phone, company, title, status, source_timestamp, updated_at, id, external_id)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
const saveStatus = db.prepare(`
  INSERT INTO sync_status (id, record_id, last_event, last_sync, sync_direction, status)
  VALUES (?, ?, ?, ?, 'inbound', 'success')
  ON CONFLICT (id) DO UPDATE SET last_event = excluded.last_event, last_sync = excluded.last_sync`);

// Stores one change; false where its event was stored before.
function apply(change) {
  const { data } = change;
  const now = new Date().toISOString();
  if (insertEvent.run(change.id, change.event, data.id, change.timestamp, now).changes === 0) return false;
  const fields = [data.firstName, data.lastName, data.email, data.phone, data.account?.name, data.title, data.status, change.timestamp, now];
  const existing = findContact.get(data.id);
  if (existing) updateContact.run(...fields, existing.id);
  else insertContact.run(...fields, randomUUID(), data.id);
  saveStatus.run("contact_" + data.id, data.id, change.id, now);
  return true;
}

const alone = db.transaction(apply).immediate;
const together = db.transaction((changes) => changes.map(apply)).immediate;

let waiting = [];
function grouped(change) {
  return new Promise((resolve, reject) => {
    waiting.push({ change, resolve, reject });
    if (waiting.length === 1) setImmediate(commit);
  });
}
function commit() {
  const group = waiting;
  waiting = [];
  try {
    const done = together(group.map(({ change }) => change));
    group.forEach(({ resolve }, at) => resolve(done[at]));
  } catch (error) {
    for (const { reject } of group) reject(error);
  }
}
const store = process.env.GROUPED === "1" ? grouped : alone;

function isSigned(body, signature) {
  const given = Buffer.from(signature ?? "", "hex");
  const wanted = createHmac("sha256", secret).update(body).digest();
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

const app = fastify({ logger: false });
app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => done(null, body));
const answer = {
  response: {
    200: { type: "object", properties: { status: { type: "string" }, record_id: { type: "string" }, direction: { type: "string" } } },
  },
};
app.post("/webhook/crm-sync", { schema: answer }, async (request, reply) => {
  if (!isSigned(request.body, request.headers["x-webhook-signature"])) {
    return reply.code(401).send({ error: "Invalid signature" });
  }
  let change;
  try {
    change = JSON.parse(request.body);
  } catch {
    return reply.code(400).send({ error: "The body is not JSON" });
  }
  if (!(await store(change))) return reply.code(409).send({ error: "duplicate" });
  return { status: "synced", record_id: change.data.id, direction: "inbound" };
});
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
