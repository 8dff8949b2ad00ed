// The same objects as require() gives: one implementation, one native instance.
export * from "./index.js";
