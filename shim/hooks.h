/* What the preload interposes: RocksDB's entry points by mangled name (x86-64, libstdc++ with the C++11 string). These names, and no
 * others, are exported; preload.map repeats them for the linker and tests/host/test_exports.sh compares the two with the library. */
#ifndef SHIM_HOOKS_H
#define SHIM_HOOKS_H

enum shim_hook { HOOK_OPEN_BB, HOOK_OPEN_BBBP, HOOK_OPEN_UNIQUE, HOOK_CLOSE, HOOK_D0, HOOK_D1, HOOK_D2, HOOK_BASE, HOOK_N };

#define NAME_OPEN                                                                                                                          \
	"_ZN7rocksdb6DBImpl4OpenERKNS_9DBOptionsERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"                                   \
	"RKSt6vectorINS_22ColumnFamilyDescriptorESaISD_EEPSC_IPNS_18ColumnFamilyHandleESaISJ_EE"

#define NAME_OPEN_BB NAME_OPEN "PPNS_2DBEbb"						  /* up to 9.1 */
#define NAME_OPEN_BBBP NAME_OPEN "PPNS_2DBEbbbPb"					  /* 9.2 to 9.10 */
#define NAME_OPEN_UNIQUE NAME_OPEN "PSt10unique_ptrINS_2DBESt14default_deleteISO_EEbbbPb" /* from 9.11 */
#define NAME_CLOSE "_ZN7rocksdb6DBImpl5CloseEv"
#define NAME_D0 "_ZN7rocksdb6DBImplD0Ev"
#define NAME_D1 "_ZN7rocksdb6DBImplD1Ev"
#define NAME_D2 "_ZN7rocksdb6DBImplD2Ev"
/* DBImpl as the base of another class, in all versions from 6.29 to 11.8: only read-only, secondary and follower instances are made so. */
#define NAME_BASE "_ZN7rocksdb6DBImplC2ERKNS_9DBOptionsERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEbbb"

/* Not interposed; the object that holds it is the RocksDB. */
#define NAME_VTABLE "_ZTVN7rocksdb6DBImplE"

/* In the order of enum shim_hook. */
extern const char *const shim_hook_name[HOOK_N];

#endif
