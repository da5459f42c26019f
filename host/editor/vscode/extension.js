// Starts `gbvm lsp` and connects the editor to it.
const { workspace, window } = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function activate() {
  const command = workspace.getConfiguration("gbvm").get("path", "gbvm");
  const server = { command, args: ["lsp"] };
  client = new LanguageClient("gbvm", "gbvm", server, { documentSelector: [{ language: "gbvm" }] });
  try {
    await client.start();
  } catch (error) {
    window.showErrorMessage(`gbvm: "${command}" cannot be started; the setting gbvm.path says where it is. ${error.message}`);
  }
}

function deactivate() {
  return client && client.isRunning() ? client.stop() : undefined;
}

module.exports = { activate, deactivate };
