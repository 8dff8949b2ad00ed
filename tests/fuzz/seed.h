// The public key that signed the exports in corpus/export_fuzz and corpus/tiles_fuzz, and the root that it signed. The
// private key no longer exists.
#pragma once

inline constexpr char kSeedKey[] =
    "provenlog/01a1fdb3-5d70-76ba-870c-bb8bebfde0c5+e66c0846+Afjk96K97DubJzC9NSHVUAN+24toT+fshq0QXa4DR+Gw";
inline constexpr char kSeedRoot[] = "e772cad25a90ccfbb8e9a34f216d848bb0b0f76fc4b610cb1e4ee665c6cdd108";
