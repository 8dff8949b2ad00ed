/**
 * Records what an agent does in a tamper-evident ledger, queries it and verifies it.
 *
 * <p>Start with {@link io.provenlog.ProvenLogClient}. The package needs libprovenlog. JNA searches the system's library
 * folders, the folders in {@code LD_LIBRARY_PATH}, and those in the property {@code jna.library.path}.
 */
package io.provenlog;
