// Node-RED as a service: no editor, no log of each request, Node's crypto for the function nodes.
module.exports = {
  flowFile: "flows.json",
  uiHost: "127.0.0.1",
  uiPort: Number(process.env.PORT),
  httpAdminRoot: false,
  disableEditor: true,
  functionGlobalContext: { crypto: require("crypto") },
  credentialSecret: false,
  logging: { console: { level: "error", metrics: false, audit: false } },
  telemetry: { enabled: false },
};
