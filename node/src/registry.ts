/** Open clients: the active one, and what happens when the process exits. */
import { addon } from "./native.js";

/** What the registry needs of a client. */
export interface Registered {
  /** Commits what is waiting, as far as the deadline allows; throws nothing. */
  commitAtExit(milliseconds: number): void;
}

// For all clients together; what is not in the ledger by then is in the journal.
const EXIT_DEADLINE = 5000;

// The open ones, oldest first. A client that nobody holds any more closes itself.
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

/** In place of the active one comes the newest that is still open. */
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

// Not closed: what listeners after this one log is in the journal all the same.
function commitAll(): void {
  addon.stop();
  const deadline = Date.now() + EXIT_DEADLINE;
  for (const reference of clients) reference.deref()?.commitAtExit(Math.max(100, deadline - Date.now()));
}
