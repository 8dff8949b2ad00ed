package io.provenlog;

import com.sun.jna.Callback;
import com.sun.jna.CallbackReference;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import io.provenlog.ProvenLogException.Code;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The C API. The header provenlog/plog.h documents the functions. Handles and pointers are passed as addresses,
 * out-parameters as arrays of one element, and text as UTF-8.
 */
final class Plog {
  static final int ABI_VERSION = 1;
  static final int ID_SIZE = 37;
  private static final byte[] REPLACEMENT = "\uFFFD".getBytes(StandardCharsets.UTF_8);

  static {
    if (Native.POINTER_SIZE != Long.BYTES || Native.SIZE_T_SIZE != Long.BYTES) {
      throw new UnsatisfiedLinkError("provenlog cannot run in a 32-bit JVM; use a 64-bit one");
    }
    Native.register(Plog.class, library());
    if (plog_abi_version() != ABI_VERSION) {
      throw new UnsatisfiedLinkError(
          "libprovenlog has ABI "
              + plog_abi_version()
              + ", but this package needs ABI "
              + ABI_VERSION
              + "; install the libprovenlog that belongs to it");
    }
  }

  private Plog() {}

  /** Loads the library by its name with the ABI number, as a linked program does, else by the platform's name. */
  private static NativeLibrary library() {
    try {
      return NativeLibrary.getInstance("libprovenlog.so." + ABI_VERSION);
    } catch (UnsatisfiedLinkError notThere) {
      return NativeLibrary.getInstance("provenlog");
    }
  }

  /** The C type plog_progress_fn. */
  interface Progress extends Callback {
    int invoke(Pointer userData, long done, long total);
  }

  static native int plog_error_status(long error);

  static native Pointer plog_error_message(long error);

  static native void plog_error_destroy(long error);

  static native Pointer plog_version();

  static native int plog_abi_version();

  static native Pointer plog_buffer_data(long buffer);

  static native long plog_buffer_size(long buffer);

  static native void plog_buffer_destroy(long buffer);

  static native int plog_client_option_check(byte[] name, byte[] value, long valueSize, long[] err);

  static native int plog_client_new(Pointer options, long[] out, long[] err);

  static native int plog_client_flush(long client, long timeoutMs, long[] err);

  static native int plog_client_close(long client, long timeoutMs, long[] err);

  static native void plog_client_destroy(long client);

  static native Pointer plog_client_db_path(long client);

  static native int plog_log_event(long client, byte[] json, long size, byte[] idOut, long[] err);

  static native int plog_client_set_context(
      long client, byte[] key, long keySize, byte[] value, long valueSize, byte[] context, long contextSize, long[] err);

  static native int plog_client_get_context(
      long client, byte[] key, long keySize, byte[] value, long valueSize, long[] out, long[] err);

  static native int plog_client_stats(long client, Pointer stats, long[] lastError, long[] err);

  static native int plog_client_next_error(long client, long timeoutMs, long[] out, long[] err);

  static native int plog_client_get_event(
      long client, byte[] id, long idSize, byte[] agent, long agentSize, long[] out, long[] err);

  static native int plog_client_query(long client, byte[] filter, long size, long[] out, long[] err);

  static native int plog_cursor_next(long cursor, long[] json, long[] size, long[] err);

  static native long plog_cursor_position(long cursor);

  static native void plog_cursor_destroy(long cursor);

  static native int plog_verify(long client, Pointer options, long[] report, long[] err);

  static native int plog_export(long client, Pointer options, byte[] path, long[] report, long[] err);

  static native int plog_verify_export(byte[] path, Pointer options, long[] report, long[] err);

  static native int plog_client_prove(
      long client, byte[] id, long idSize, byte[] agent, long agentSize, long[] out, long[] err);

  static native int plog_call(
      long client,
      byte[] name,
      byte[] parameters,
      long size,
      Progress progress,
      Pointer userData,
      long[] result,
      long[] err);

  static native int plog_redactor_new(byte[] rules, long size, long[] out, long[] err);

  static native int plog_redactor_redact(
      long redactor, byte[] text, long size, long[] out, long[] count, long[] err);

  static native void plog_redactor_destroy(long redactor);

  /** Throws the error of a failed call, which is in {@code err}. */
  static void check(int status, long[] err) {
    if (status != 0) {
      ProvenLogException error = takeError(err[0]);
      throw error != null
          ? error
          : new ProvenLogException(Code.of(status), "libprovenlog failed without an error message");
    }
  }

  /** Converts an error of the library and frees it. Returns null for NULL. */
  static ProvenLogException takeError(long error) {
    if (error == 0) {
      return null;
    }
    try {
      return new ProvenLogException(Code.of(plog_error_status(error)), text(plog_error_message(error)));
    } finally {
      plog_error_destroy(error);
    }
  }

  /** Returns the text of a buffer and frees the buffer. */
  static String takeText(long buffer) {
    try {
      return text(plog_buffer_data(buffer), plog_buffer_size(buffer));
    } finally {
      plog_buffer_destroy(buffer);
    }
  }

  static String text(Pointer at, long size) {
    return new String(at.getByteArray(0, Math.toIntExact(size)), StandardCharsets.UTF_8);
  }

  static String text(Pointer terminated) {
    return terminated == null ? "" : terminated.getString(0, "UTF-8");
  }

  /** Encodes as UTF-8. A lone surrogate becomes U+FFFD; {@code getBytes} would write a question mark. */
  static byte[] utf8(String text) {
    CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder();
    encoder.onMalformedInput(CodingErrorAction.REPLACE).replaceWith(REPLACEMENT);
    try {
      ByteBuffer octets = encoder.encode(CharBuffer.wrap(text));
      return Arrays.copyOf(octets.array(), octets.limit());
    } catch (CharacterCodingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Encodes as UTF-8 with a NUL at the end. A NUL inside is an error, because it would cut the text. */
  static byte[] terminated(String name, String text) {
    if (text.indexOf('\0') >= 0) {
      throw new ProvenLogException(Code.INVALID, name + " contains a NUL character");
    }
    return utf8(text + "\0");
  }

  /**
   * A struct of the C API, filled field by field in order. The constructor sets the first field, {@code struct_size},
   * to {@code size}, so that a later library treats additional fields as not given.
   */
  static final class Struct {
    private final Memory memory;
    private final List<Object> kept = new ArrayList<>(); // keeps alive what the struct points to
    private long at;

    Struct(int size) {
      memory = new Memory(size);
      memory.clear();
      int32(size);
    }

    Pointer pointer() {
      return memory;
    }

    /** Reads the field at an offset. */
    long int64At(long offset) {
      return memory.getLong(offset);
    }

    Struct int32(int value) {
      memory.setInt(at, value);
      at += Integer.BYTES;
      return this;
    }

    Struct int64(long value) {
      memory.setLong(at, value);
      at += Long.BYTES;
      return this;
    }

    Struct callback(Callback function) {
      kept.add(function);
      return address(function == null ? null : CallbackReference.getFunctionPointer(function));
    }

    private Struct address(Pointer pointer) {
      memory.setPointer(at, pointer);
      at += Native.POINTER_SIZE;
      return this;
    }

    /** Appends a pointer to a terminated string, or NULL for null. */
    Struct text(String name, String text) {
      return address(text == null ? null : kept(name, text));
    }

    /** Appends a pointer to an array of terminated strings, or NULL for an empty list. */
    Struct texts(String name, List<String> texts) {
      if (texts.isEmpty()) {
        return address(null);
      }
      Memory array = new Memory((long) texts.size() * Native.POINTER_SIZE);
      for (int i = 0; i < texts.size(); i++) {
        array.setPointer((long) i * Native.POINTER_SIZE, kept(name, texts.get(i)));
      }
      kept.add(array);
      return address(array);
    }

    private Pointer kept(String name, String text) {
      byte[] octets = terminated(name, text);
      Memory memory = new Memory(octets.length);
      memory.write(0, octets, 0, octets.length);
      kept.add(memory);
      return memory;
    }
  }
}
