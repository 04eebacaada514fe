#!/usr/bin/env node
// Starts the program that the package of this platform holds. Nothing is downloaded when it is installed.
"use strict";

const { spawnSync } = require("node:child_process");
const platforms = require("./platforms.json");

const here = `${process.platform}-${process.arch}`;
const platform = platforms[here];
if (!platform) {
  console.error(`recipack: there is no package for ${here}; it can be built with cargo`);
  process.exit(1);
}
let program;
try {
  const name = platform.os === "win32" ? "recipack.exe" : "recipack";
  program = require.resolve(`${platform.package}/bin/${name}`);
} catch {
  console.error(
    `recipack: the package ${platform.package} is not installed.\n` +
      "npm leaves optional packages out with --omit=optional, and some of its versions lose those of\n" +
      "other platforms from a lock file (npm issue 4828): delete node_modules and package-lock.json,\n" +
      "and install again.",
  );
  process.exit(1);
}
const run = spawnSync(program, process.argv.slice(2), { stdio: "inherit" });
if (run.error) {
  console.error(`recipack: ${program} can't be started: ${run.error.message}`);
  process.exit(1);
}
if (run.signal) {
  process.kill(process.pid, run.signal);
}
process.exit(run.status ?? 1);
