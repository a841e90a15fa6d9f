#!/usr/bin/env node
// The `bulkhead` command. CommonJS in old syntax on purpose: a Node that is too old must get as far as saying so.
"use strict";

var fs = require("fs");
var path = require("path");
var pathToFileURL = require("url").pathToFileURL;

var oldest = 24;
var root = path.join(__dirname, "..");
var entry = path.join(root, "dist", "src", "cli", "bin.js");
var ownNode = path.join(root, "node_modules", "node", "bin", "node");

function refuse(what, todo) {
  process.stderr.write("error: " + what + "\n  try: " + todo + "\n");
  process.exitCode = 2;
}

/** The same again under the Node that the package brings along; its end is our end. */
function runWith(node) {
  var child = null;
  // Listening before there is a child: a signal that comes with its first words must not end us alone.
  ["SIGTERM", "SIGHUP", "SIGINT"].forEach(function (signal) {
    process.on(signal, function () {
      // A terminal sends SIGINT to both of us; twice would mean "at once".
      if (child !== null && (signal !== "SIGINT" || !process.stdin.isTTY)) child.kill(signal);
    });
  });
  child = require("child_process").spawn(node, [__filename].concat(process.argv.slice(2)), {
    stdio: "inherit",
  });
  child.on("error", function (error) {
    refuse("can't run " + node + ": " + error.message, "install Node " + oldest + " or newer");
  });
  child.on("exit", function (code, signal) {
    if (signal === null) {
      process.exitCode = code;
    } else {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    }
  });
}

if (Number(process.versions.node.split(".")[0]) < oldest) {
  if (fs.existsSync(ownNode)) runWith(ownNode);
  else
    refuse(
      "bulkhead needs Node " + oldest + " or newer, this is " + process.versions.node,
      "install a newer Node",
    );
} else if (!fs.existsSync(entry)) {
  refuse("bulkhead is not built yet", "npm run build (npm run demo and npm test build it too)");
} else {
  import(pathToFileURL(entry).href).catch(function (error) {
    process.stderr.write(
      "error: bulkhead can't be loaded: " + (error.stack || error) + "\n  try: npm ci && npm run build\n",
    );
    process.exitCode = 1;
  });
}
