/** Work of the core that may take long: it tells how far it is, and can be stopped. */
import { InvalidEventError } from "./errors.js";

/** An AbortSignal: what is used of it, so that these types hold where no library declares that name. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface WorkOptions {
  /**
   * Called now and then with how much is done and how much there is. What it throws stops the work and rejects the
   * promise. The work does not wait for it, and may be done by then: what it wrote stays.
   */
  onProgress?: ((done: number, total: number) => void) | undefined;
  /** An AbortSignal: stops the work likewise; its reason rejects the promise. */
  signal?: StopSignal | undefined;
}

/** The addon's half; `result` is JSON text. */
export interface Running {
  readonly result: Promise<string>;
  stop(): void;
}

/** Called with counts, and without any when no more will come. */
export type Listener = (done?: number, total?: number) => void;

/** The result of what `start` starts. */
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
