/** The open clients, the active client, and the handling of process exit. */
import { addon } from "./native.js";

/** The part of a client that the registry uses. */
export interface Registered {
  /** Commits pending events, up to the deadline. Never throws. */
  commitAtExit(milliseconds: number): void;
}

// Milliseconds for all clients together. Events that are not committed by then stay in the journal.
const EXIT_DEADLINE = 5000;

// The open clients, oldest first. The references are weak: a client that is garbage-collected closes itself.
const clients: WeakRef<Registered>[] = [];
let active: Registered | undefined;
let watching = false;

export function getActive(): Registered | undefined {
  return active;
}

export function setActive(client: Registered | undefined): Registered | undefined {
  const before = active;
  active = client;
  return before;
}

export function opened(client: Registered): void {
  if (!watching) {
    watching = true;
    process.on("exit", commitAll);
  }
  forget();
  clients.push(new WeakRef(client));
  active = client;
}

/** Removes a client. If it was active, the newest client that is still open becomes active. */
export function closed(client: Registered): void {
  forget(client);
  if (active === client) active = clients[clients.length - 1]?.deref();
}

function forget(gone?: Registered): void {
  for (let i = clients.length - 1; i >= 0; i--) {
    const client = clients[i]?.deref();
    if (client === undefined || client === gone) clients.splice(i, 1);
  }
}

// The clients stay open, so events that later exit listeners log are still recorded in the journal.
function commitAll(): void {
  addon.stop();
  const deadline = Date.now() + EXIT_DEADLINE;
  for (const reference of clients) reference.deref()?.commitAtExit(Math.max(100, deadline - Date.now()));
}
