#!/usr/bin/env node
"use strict";
// Runs the plog program that belongs to the addon, and exits with its exit code or signal.
const { spawn } = require("node:child_process");
const { existsSync, realpathSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { path: addonOf } = require("node-gyp-build");

function fail(status, message) {
  console.error(`plog: ${message}`);
  process.exit(status);
}

function find() {
  let addon;
  try {
    addon = realpathSync(addonOf(join(__dirname, "..")));
  } catch (error) {
    fail(127, error.message.trim());
  }
  // In the folder with the name of the addon, or in the build folder that contains both.
  const places = [join(addon.replace(/\.node$/, ""), "plog"), join(dirname(addon), "../../../../plog")];
  return places.find((place) => existsSync(place)) ?? fail(127, `there is no plog program beside ${addon}`);
}

const path = find();
let program;
// A terminal also sends these two signals to the program.
for (const signal of ["SIGINT", "SIGQUIT"]) process.on(signal, () => {});
for (const signal of ["SIGHUP", "SIGTERM"]) process.on(signal, () => program.kill(signal));
program = spawn(path, process.argv.slice(2), { stdio: "inherit" });
program.on("error", (error) => fail(126, error.message));
program.on("exit", (status, signal) => {
  if (signal === null) process.exit(status);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
