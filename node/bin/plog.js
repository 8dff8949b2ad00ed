#!/usr/bin/env node
"use strict";
// Runs the plog program that came with the addon, in place of this one as far as Node allows.
const { spawnSync } = require("node:child_process");
const { existsSync, realpathSync } = require("node:fs");
const { dirname, join } = require("node:path");
const { path: addonOf } = require("node-gyp-build");

// Beside the addon, or where the build that made both has it.
const beside = dirname(realpathSync(addonOf(join(__dirname, ".."))));
const places = [join(beside, "plog"), join(beside, "../../../../plog")];
const program = places.find((place) => existsSync(place));
if (program === undefined) {
  console.error(`plog: this package brings no plog program for ${process.platform}-${process.arch}`);
  process.exit(127);
}
const done = spawnSync(program, process.argv.slice(2), { stdio: "inherit" });
if (done.error) {
  console.error(`plog: ${done.error.message}`);
  process.exit(126);
}
if (done.signal) process.kill(process.pid, done.signal);
process.exit(done.status ?? 1);
