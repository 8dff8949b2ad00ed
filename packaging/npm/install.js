"use strict";
// npm runs this script after it has installed the package. If a prebuilt addon fits this machine, it does nothing. If
// not, it builds the addon and plog from the sources beside this script, with the tools and libraries of the machine.
// It downloads nothing.
const { spawnSync } = require("node:child_process");
const { copyFileSync, mkdirSync, rmSync } = require("node:fs");
const { cpus } = require("node:os");
const { join } = require("node:path");

const root = join(__dirname, "..");
const compiler = process.env.CXX || "c++";

// The requirements of a build: a command that checks for it, its name, and its Debian package.
const needs = [
  [["cmake", "--version"], "CMake 3.25 or newer", "cmake", isCMakeNewEnough],
  [["make", "--version"], "make", "make"],
  [[compiler, "--version"], `a compiler of C++20 (${compiler})`, "g++"],
  [["pkg-config", "--version"], "pkg-config", "pkg-config"],
  [["pkg-config", "--exists", "sqlite3"], "SQLite 3.40 or newer, with its static library", "libsqlite3-dev"],
  [["pkg-config", "--exists", "libcrypto"], "OpenSSL 3, with its static library", "libssl-dev"],
  [["pkg-config", "--exists", "simdjson"], "simdjson", "libsimdjson-dev"],
  [["pkg-config", "--exists", "re2"], "RE2", "libre2-dev"],
  [["pkg-config", "--exists", "yaml-cpp"], "yaml-cpp", "libyaml-cpp-dev"],
  [["pkg-config", "--exists", "CLI11"], "CLI11", "libcli11-dev"],
];

function isCMakeNewEnough(text) {
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(text) ?? [0, 0, 0];
  return major > 3 || (major == 3 && minor >= 25);
}

/** The reason why no addon can be loaded, or undefined if one can. */
function whyNot() {
  try {
    require("node-gyp-build")(root);
    return undefined;
  } catch (error) {
    return error.message.trim();
  }
}

function fail(...lines) {
  console.error(["", ...lines, ""].join("\n"));
  process.exit(1);
}

function run(command, ...words) {
  const { status, error } = spawnSync(command, words, { stdio: "inherit" });
  if (status !== 0) fail(`provenlog: ${command} failed${error ? `: ${error.message}` : "; see its output above"}`);
}

function build() {
  const folder = join(__dirname, "build", "release");
  run(
    "cmake", "-S", __dirname, "-B", folder, "-DCMAKE_BUILD_TYPE=Release",
    "-DPLOG_BUILD_NODE=ON", "-DPLOG_BUILD_SHARED=OFF", "-DPLOG_BUILD_TESTS=OFF", "-DPLOG_BUILD_EXAMPLES=OFF",
    `-DPLOG_NODE_ADDON_API_DIR=${join(__dirname, "include")}`,
    `-DPLOG_NODE_API_HEADERS_DIR=${join(__dirname, "include")}`,
  );
  run("cmake", "--build", folder, "--parallel", String(cpus().length), "--target", "plog_node", "plog");
  const place = join(root, "build", "Release");
  mkdirSync(join(place, "provenlog"), { recursive: true });
  copyFileSync(join(folder, "node", "provenlog", "build", "Release", "provenlog.node"), join(place, "provenlog.node"));
  copyFileSync(join(folder, "plog"), join(place, "provenlog", "plog"));
  rmSync(join(__dirname, "build"), { recursive: true });
}

const reason = whyNot();
if (reason !== undefined) {
  if (process.platform !== "linux") fail(`provenlog does not run on ${process.platform} yet, only on Linux`);
  const missing = needs.filter(([[command, ...words], , , isGood = () => true]) => {
    const done = spawnSync(command, words, { encoding: "utf8" });
    return done.status !== 0 || !isGood(done.stdout);
  });
  if (missing.length > 0) {
    fail(
      "provenlog: no prebuilt addon fits this machine:",
      ...reason.split("\n").map((line) => `  ${line.trim()}`),
      "To build it here, these are missing:",
      ...missing.map(([, name]) => `  ${name}`),
      "On Debian 12:",
      `  apt-get install ${missing.map(([, , debian]) => debian).join(" ")}`,
      "Then run the command again.",
    );
  }
  build();
  const still = whyNot();
  if (still !== undefined) fail(`provenlog: cannot load the addon that was built here: ${still}`);
}
