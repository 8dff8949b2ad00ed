"""Loads the library argv[1] with ctypes and records one event in the ledger argv[2]."""

import ctypes
import os
import sys

library = ctypes.CDLL(sys.argv[1], mode=os.RTLD_NOW)
library.plog_client_new.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p]
library.plog_log_event.argtypes = [
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.c_size_t,
    ctypes.c_char_p,
    ctypes.c_void_p,
]
library.plog_client_destroy.argtypes = [ctypes.c_void_p]
library.plog_client_destroy.restype = None

os.environ["PROVENLOG_DB_PATH"] = sys.argv[2]
client = ctypes.c_void_p()
assert library.plog_abi_version() == 1
assert library.plog_client_new(None, ctypes.byref(client), None) == 0
event = b'{"agent_id":"loader","action_name":"hello"}'
event_id = ctypes.create_string_buffer(37)
assert library.plog_log_event(client, event, len(event), event_id, None) == 0
library.plog_client_destroy(client)
print(event_id.value.decode())
