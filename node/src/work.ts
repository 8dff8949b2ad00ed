/** Long-running work of the core. It reports progress and can be stopped. */
import { InvalidEventError } from "./errors.js";

/** The part of AbortSignal that is used. Declared here for programs whose type libraries lack AbortSignal. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Options of long-running calls. */
export interface WorkOptions {
  /**
   * Called from time to time with the amount of work done and the total amount. If it throws, the work stops and the
   * promise is rejected with that error. The work does not wait for this function and may have finished before it
   * throws; what was written by then stays.
   */
  onProgress?: ((done: number, total: number) => void) | undefined;
  /** An AbortSignal that stops the work. The promise is then rejected with the signal's reason. */
  signal?: StopSignal | undefined;
}

/** Work that the addon runs. `result` is JSON text. */
export interface Running {
  readonly result: Promise<string>;
  stop(): void;
}

/** Called with the counts, and finally without arguments. */
export type Listener = (done?: number, total?: number) => void;

/** Starts the work, and returns a promise of its result. */
export async function finished(
  options: WorkOptions,
  start: (listener: Listener | undefined) => Running,
): Promise<string> {
  const { onProgress, signal } = options;
  if (onProgress != null && typeof onProgress !== "function") {
    throw new InvalidEventError("onProgress must be a function");
  }
  if (signal != null && typeof signal.addEventListener !== "function") {
    throw new InvalidEventError("signal must be an AbortSignal");
  }
  if (signal?.aborted) throw signal.reason;

  let failure: { error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
    running.stop();
  };
  let told: Promise<void> | undefined;
  let listener: Listener | undefined;
  if (onProgress != null) {
    told = new Promise((resolve) => {
      listener = (done, total) => {
        if (done === undefined || total === undefined) {
          resolve();
        } else if (failure === undefined) {
          try {
            onProgress(done, total);
          } catch (error) {
            fail(error);
          }
        }
      };
    });
  }
  const running = start(listener);
  const abort = (): void => fail(signal?.reason);
  signal?.addEventListener("abort", abort);
  const [result] = await Promise.allSettled([running.result, told]);
  signal?.removeEventListener("abort", abort);
  if (failure !== undefined) throw failure.error;
  if (result.status === "rejected") throw result.reason;
  return result.value;
}
