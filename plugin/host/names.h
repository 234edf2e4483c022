/* The functions and objects of RocksDB that we use, by their mangled names, which hold for the libstdc++ C++11 string ABI from 6.11 to 11.8. They are read
 * twice: by those who ask the loader for them (image.c, cache.c), and by the linker, where RocksDB is part of the program itself (linked.c). */
#ifndef LODE_HOST_NAMES_H
#define LODE_HOST_NAMES_H

#define LODE_STRING "NSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"
#define LODE_OPEN                                                                                                                          \
	"_ZN7rocksdb6DBImpl4OpenERKNS_9DBOptionsERK" LODE_STRING                                                                           \
	"RKSt6vectorINS_22ColumnFamilyDescriptorESaISD_EEPSC_IPNS_18ColumnFamilyHandleESaISJ_EE"

/* clang-format off */

/* X(which, name, what it is; NULL: can be done without). SYM_SET_OPTIONS is there up to 10.10, then SYM_SET_OPTIONS_MULTI. */
#define LODE_IMAGE_NAMES(X) \
	X(SYM_DB_VTABLE, "_ZTVN7rocksdb6DBImplE", "the class of a database") \
	X(SYM_GET_INT_PROPERTY, "_ZN7rocksdb6DBImpl14GetIntPropertyEPNS_18ColumnFamilyHandleERKNS_5SliceEPm", "DB::GetIntProperty") \
	X(SYM_GET_PROPERTY, "_ZN7rocksdb6DBImpl11GetPropertyEPNS_18ColumnFamilyHandleERKNS_5SliceEP" LODE_STRING, "DB::GetProperty") \
	X(SYM_GET_MAP_PROPERTY, "_ZN7rocksdb6DBImpl14GetMapPropertyEPNS_18ColumnFamilyHandleERKNS_5SliceEPSt3mapI" LODE_STRING "SC_St4lessISC_ESaISt4pairIKSC_SC_EEE", NULL) \
	X(SYM_CF_HANDLE, "_ZN7rocksdb6DBImpl29GetColumnFamilyHandleUnlockedEj", "DBImpl::GetColumnFamilyHandleUnlocked") \
	X(SYM_CF_HANDLE_DELETE, "_ZN7rocksdb22ColumnFamilyHandleImplD0Ev", "~ColumnFamilyHandleImpl") \
	X(SYM_CF_HANDLE_NAME, "_ZNK7rocksdb22ColumnFamilyHandleImpl7GetNameB5cxx11Ev", "ColumnFamilyHandle::GetName") \
	X(SYM_SET_OPTIONS, "_ZN7rocksdb6DBImpl10SetOptionsEPNS_18ColumnFamilyHandleERKSt13unordered_mapI" LODE_STRING "S9_St4hashIS9_ESt8equal_toIS9_ESaISt4pairIKS9_S9_EEE", NULL) \
	X(SYM_SET_OPTIONS_MULTI, "_ZN7rocksdb6DBImpl10SetOptionsERKSt13unordered_mapIPNS_18ColumnFamilyHandleES1_I" LODE_STRING "S9_St4hashIS9_ESt8equal_toIS9_ESaISt4pairIKS9_S9_EEESA_IS3_ESC_IS3_ESaISE_IKS3_SI_EEE", NULL) \
	X(SYM_SET_DB_OPTIONS, "_ZN7rocksdb6DBImpl12SetDBOptionsERKSt13unordered_mapI" LODE_STRING "S7_St4hashIS7_ESt8equal_toIS7_ESaISt4pairIKS7_S7_EEE", NULL) \
	X(SYM_DISABLE_DELETIONS, "_ZN7rocksdb6DBImpl20DisableFileDeletionsEv", NULL) \
	X(SYM_ENABLE_DELETIONS, "_ZN7rocksdb6DBImpl19EnableFileDeletionsEb", NULL) \
	X(SYM_VERSION, "_ZN7rocksdb23GetRocksVersionAsStringB5cxx11Eb", NULL) \
	X(SYM_STATS_VTABLE, "_ZTVN7rocksdb14StatisticsImplE", NULL) \
	X(SYM_STATS_CREATE, "_ZN7rocksdb18CreateDBStatisticsEv", NULL) \
	X(SYM_HISTOGRAM_STRING, "_ZNK7rocksdb14StatisticsImpl18getHistogramStringB5cxx11Ej", NULL) \
	X(SYM_HISTOGRAM_NAMES, "_ZN7rocksdb17HistogramsNameMapB5cxx11E", NULL) \
	X(SYM_RECORD_TICK, "_ZN7rocksdb14StatisticsImpl10recordTickEjm", NULL) \
	X(SYM_RECORD_VALUE, "_ZN7rocksdb14StatisticsImpl17recordInHistogramEjm", NULL) \
	X(SYM_TICKER_COUNT, "_ZNK7rocksdb14StatisticsImpl14getTickerCountEj", NULL) \
	X(SYM_TABLE_VTABLE, "_ZTVN7rocksdb22BlockBasedTableFactoryE", NULL) \
	X(SYM_TABLE_OPTIONS_PTR, "_ZNK7rocksdb22BlockBasedTableFactory13GetOptionsPtrERK" LODE_STRING, NULL) \
	X(SYM_CF_OPTIONS_NEW, "_ZN7rocksdb19ColumnFamilyOptionsC1Ev", NULL) \
	X(SYM_CF_OPTIONS_DELETE, "_ZN7rocksdb19ColumnFamilyOptionsD1Ev", NULL) \
	X(SYM_CONFIG_NEW, "_ZN7rocksdb13ConfigOptionsC1Ev", NULL) \
	X(SYM_CONFIG_DELETE, "_ZN7rocksdb13ConfigOptionsD1Ev", NULL) \
	X(SYM_MUTABLE_DB_NEW, "_ZN7rocksdb16MutableDBOptionsC1Ev", NULL) \
	X(SYM_PARSE_CF, "_ZN7rocksdb29GetColumnFamilyOptionsFromMapERKNS_13ConfigOptionsERKNS_19ColumnFamilyOptionsERKSt13unordered_mapI" LODE_STRING "SC_St4hashISC_ESt8equal_toISC_ESaISt4pairIKSC_SC_EEEPS3_", NULL) \
	X(SYM_PARSE_DB, "_ZN7rocksdb30GetMutableDBOptionsFromStringsERKNS_16MutableDBOptionsERKSt13unordered_mapI" LODE_STRING "S9_St4hashIS9_ESt8equal_toIS9_ESaISt4pairIKS9_S9_EEEPS0_", NULL) \
	X(SYM_ROOT_DB, "_ZN7rocksdb11StackableDB9GetRootDBEv", NULL) \
	X(SYM_DB_NAME, "_ZNK7rocksdb6DBImpl7GetNameB5cxx11Ev", NULL) \
	X(SYM_DB_OPTIONS, "_ZNK7rocksdb6DBImpl12GetDBOptionsEv", NULL) \
	X(SYM_DB_OPTIONS_DELETE, "_ZN7rocksdb9DBOptionsD1Ev", NULL) \
	X(SYM_CF_DESCRIPTOR, "_ZN7rocksdb22ColumnFamilyHandleImpl13GetDescriptorEPNS_22ColumnFamilyDescriptorE", NULL) \
	X(SYM_DB_SESSION, "_ZNK7rocksdb6DBImpl14GetDbSessionIdER" LODE_STRING, NULL) \
	X(SYM_DB_CLOSE, "_ZN7rocksdb6DBImpl5CloseEv", NULL) \
	X(SYM_DB_D0, "_ZN7rocksdb6DBImplD0Ev", NULL) \
	X(SYM_DB_D1, "_ZN7rocksdb6DBImplD1Ev", NULL) \
	X(SYM_OPEN_PLAIN, LODE_OPEN "PPNS_2DBEbb", NULL) \
	X(SYM_OPEN_RETRY, LODE_OPEN "PPNS_2DBEbbbPb", NULL) \
	X(SYM_OPEN_UNIQUE, LODE_OPEN "PSt10unique_ptrINS_2DBESt14default_deleteISO_EEbbbPb", NULL) \
	X(SYM_C_OPTIONS_CREATE, "rocksdb_options_create", NULL) \
	X(SYM_C_OPTIONS_DESTROY, "rocksdb_options_destroy", NULL) \
	X(SYM_C_ENABLE_STATISTICS, "rocksdb_options_enable_statistics", NULL)

/* The classes of the block cache: X(which, vtable's name, factors of the capacity at creation that it can be resized by; 0: any). See cache.c. */
#define LODE_CACHE_KINDS(X) \
	X(LRU, "_ZTVN7rocksdb9lru_cache8LRUCacheE", 0, 0) \
	X(LRU_OLD, "_ZTVN7rocksdb8LRUCacheE", 0, 0) \
	X(AUTO, "_ZTVN7rocksdb11clock_cache19AutoHyperClockCacheE", AUTO_GROW, 0) \
	X(FIXED, "_ZTVN7rocksdb11clock_cache20FixedHyperClockCacheE", FIXED_GROW, FIXED_SHRINK) \
	X(HYPER, "_ZTVN7rocksdb11clock_cache15HyperClockCacheE", FIXED_GROW, FIXED_SHRINK) \
	X(HYPER_OLD, "_ZTVN7rocksdb17hyper_clock_cache15HyperClockCacheE", FIXED_GROW, FIXED_SHRINK)

/* Their methods: X(which, method, name). All of them are inherited from ShardedCache, which became a template in 7.8 and had no common base before. */
#define LODE_CACHE_SHARDED(X, which, shard) \
	X(which, SET_CAPACITY, "_ZN7rocksdb12ShardedCache" shard "11SetCapacityEm") \
	X(which, GET_USAGE, "_ZNK7rocksdb12ShardedCache" shard "8GetUsageEv") \
	X(which, GET_PINNED, "_ZNK7rocksdb12ShardedCache" shard "14GetPinnedUsageEv")
#define LODE_CACHE_METHODS(X) \
	LODE_CACHE_SHARDED(X, LRU, "INS_9lru_cache13LRUCacheShardEE") \
	LODE_CACHE_SHARDED(X, PLAIN, "") \
	LODE_CACHE_SHARDED(X, HYPER_OLD, "INS_17hyper_clock_cache15ClockCacheShardEE") \
	LODE_CACHE_SHARDED(X, HYPER, "INS_11clock_cache15ClockCacheShardINS1_15HyperClockTableEEEE") \
	LODE_CACHE_SHARDED(X, FIXED, "INS_11clock_cache15ClockCacheShardINS1_20FixedHyperClockTableEEEE") \
	LODE_CACHE_SHARDED(X, AUTO, "INS_11clock_cache15ClockCacheShardINS1_19AutoHyperClockTableEEEE") \
	X(BASE, GET_CAPACITY, "_ZNK7rocksdb16ShardedCacheBase11GetCapacityEv") \
	X(PLAIN, GET_CAPACITY, "_ZNK7rocksdb12ShardedCache11GetCapacityEv")

/* In every executable or library that linked.c is a part of, for who looks at the file. */
#define LODE_LINKED_MARK "lodestone: linked to the RocksDB in this file"

/* clang-format on */

#endif
