/* Everything that the doctor can find, as data: what it is called, where it belongs, how bad it is, what it says and how it is mended. */
#ifndef LODE_CLI_DOCTOR_RULES_H
#define LODE_CLI_DOCTOR_RULES_H

/* How a RocksDB that cannot be caught from outside gets the tuner all the same, or can be caught after all. */
#define MEND_PLUGIN                                                                                                                        \
	"use the plugin: build RocksDB with it (ROCKSDB_PLUGINS=lodestone) and name it in the OPTIONS file that the program loads "        \
	"(listeners={{id=lodestone}}); or link the program with liblodestone-static.a, or with the shared librocksdb"

/* X(id, code, part, health, text, mend). A text stands after its subject and a colon; %s is the detail, which otherwise follows in brackets.
 */
#define CLI_RULES(X)                                                                                                                       \
	/* what is it */                                                                                                                   \
	X(PROCESS, "process", WHAT, NOTE, "%s", NULL)                                                                                      \
	X(IMAGE, "rocksdb", WHAT, NOTE, "%s", NULL)                                                                                        \
	X(REPLACED, "replaced", WHAT, NOTE, "was replaced on disk after the process had loaded it; this is about the loaded one", NULL)    \
	X(NAMESPACE, "mount-namespace", WHAT, NOTE, "lives in a mount namespace of its own (a container?): paths are as it sees them", NULL) \
	X(WRITER, "database", WHAT, NOTE, "is open for writing", NULL)                                                                     \
	X(DATABASE, "database-tuned", WHAT, NOTE, "%s", NULL)                                                                              \
	X(OPTIONS, "options", WHAT, NOTE, "an OPTIONS file of RocksDB %s", NULL)                                                           \
	X(NO_PROCESS, "no-process", WHAT, FAIL, "there is no process %s", NULL)                                                            \
	X(UNREADABLE, "unreadable", WHAT, FAIL, "cannot be looked at: %s", "ask as its user or as root")                                   \
	X(NO_PROGRAM, "no-program", WHAT, FAIL, "there is no program of that name", NULL)                                                  \
	X(NO_FILE, "no-file", WHAT, FAIL, "%s", NULL)                                                                                      \
	X(SCRIPT, "script", WHAT, FAIL, "is a script for %s",                                                                              \
	  "name the program that the script starts; what `lodestone run` sets is inherited by it")                                         \
	X(NO_ROCKSDB_FILE, "no-rocksdb", WHAT, FAIL, "neither holds RocksDB nor is linked with it",                                        \
	  "if it loads RocksDB later (Java, Python, a plugin), start it and ask `lodestone doctor PID`")                                   \
	X(NO_ROCKSDB_PROCESS, "no-rocksdb", WHAT, FAIL, "there is no RocksDB in it that could be recognised",                              \
	  "ask again when it has opened its database")                                                                                     \
	/* can it be tuned */                                                                                                              \
	X(CAUGHT, "caught", TUNE, OK, "its opens can be caught (%s)", NULL)                                                                \
	X(WITHIN, "linked-in", TUNE, OK,                                                                                                   \
	  "the tuner is linked in, too, and needs no exports: it comes with lodestone_attach, or with an entry in the OPTIONS file", NULL) \
	X(BOUND_EXE, "static-bound", TUNE, FAIL,                                                                                           \
	  "RocksDB is linked in statically; exported or not, an executable's own calls do not go through a slot that could be caught",     \
	  MEND_PLUGIN)                                                                                                                     \
	X(BOUND_LIB, "bound", TUNE, FAIL, "its own calls do not go through a slot that could be caught (%s)",                              \
	  "build it without -Bsymbolic, LTO and -fno-semantic-interposition; or " MEND_PLUGIN)                                             \
	X(HIDDEN_EXE, "static-hidden", TUNE, FAIL, "RocksDB is linked in statically and exports nothing", MEND_PLUGIN)                     \
	X(HIDDEN_LIB, "hidden", TUNE, FAIL, "RocksDB is linked in and its symbols are hidden",                                             \
	  "build it without -fvisibility=hidden, --exclude-libs and a version script that hides it; or " MEND_PLUGIN)                      \
	X(OLD_ABI, "old-string-abi", TUNE, FAIL, "RocksDB is built with the std::string of before C++11",                                  \
	  "use a build with _GLIBCXX_USE_CXX11_ABI=1")                                                                                     \
	X(UNKNOWN_OPEN, "unknown-open", TUNE, FAIL, "RocksDB has no open of a form that is known",                                         \
	  "report its version: DBImpl::Open has another form there")                                                                       \
	X(MACHINE, "machine", TUNE, FAIL, "%s", "only 64-bit x86 programs can be tuned")                                                   \
	X(MUSL, "musl", TUNE, FAIL, "runs on the C library musl (%s)", "use a build for glibc, or build this library for musl")            \
	X(STATIC, "static", TUNE, FAIL, "is a static executable: the loader has no part in its start", "link it dynamically")              \
	X(LIB_MISSING, "library-missing", TUNE, FAIL, "needs %s, which was not found",                                                     \
	  "install it, or set LD_LIBRARY_PATH as the program's start does")                                                                \
	X(PRIVILEGED, "privileged", TUNE, FAIL, "is setuid, setgid or has file capabilities: the loader ignores LD_PRELOAD for it",        \
	  "give it its rights in another way, for example systemd's AmbientCapabilities=")                                                 \
	X(SECURE, "secure-mode", TUNE, FAIL, "was started in secure mode (setuid, setgid or file capabilities): LD_PRELOAD was dropped",   \
	  "give it its rights in another way, for example systemd's AmbientCapabilities=")                                                 \
	X(DISABLED, "disabled", TUNE, FAIL, "the kill switch LODESTONE_DISABLE is set", "start it without LODESTONE_DISABLE")              \
	X(EXCLUDED, "excluded", TUNE, FAIL, "%s", "change agent.include or agent.exclude")                                                 \
	X(PRELOAD_IN, "preload", TUNE, OK, "the preload is in it", NULL)                                                                   \
	X(PLUGIN_IN, "plugin", TUNE, OK, "the listener's library is in it", NULL)                                                          \
	X(WAITS, "waits", TUNE, OK, "waits for the first flush or compaction, with which RocksDB shows the database to its listeners", NULL) \
	X(ENTRY_REFUSED, "entry-refused", TUNE, FAIL, "RocksDB's LOG has: %s", NULL)                                                       \
	X(ENTRY, "entry", TUNE, OK, "has the entry (%s)", NULL)                                                                            \
	X(ENTRY_NONE, "no-entry", TUNE, FAIL, "has no entry of the listener",                                                              \
	  "write listeners={{id=lodestone;mode=observe}} below [DBOptions] in the file that the program loads its options from; in one that RocksDB has written it "      \
	  "is missing also where the listener's library was not loaded then")                                                              \
	X(ENTRY_ID, "entry-id", TUNE, FAIL, "the id is '%s', which RocksDB does not know and ignores without a word", "write id=lodestone") \
	X(ENTRY_FORM, "entry-form", TUNE, FAIL, "%s", "one line below [DBOptions]: listeners={{id=lodestone;mode=observe}}")               \
	X(ENTRY_WORD, "entry-word", TUNE, FAIL, "%s", "until it is right, the database is not tuned")                                      \
	X(ENTRY_CONFIG, "entry-config", TUNE, FAIL, "%s", "until the file named by config can be read and is right, the database is not tuned") \
	X(ENTRY_RELATIVE, "entry-relative", TUNE, WARN, "is a relative path: it counts from the directory in which the program stands",    \
	  "write the whole path")                                                                                                          \
	X(ENTRY_PROPERTY, "entry-property", TUNE, WARN, "nobody knows the property %s", "there are config, mode and close")                 \
	X(OPTIONS_BAD, "options-broken", TUNE, FAIL, "RocksDB would not load it: %s", NULL)                                                \
	X(OPTIONS_OLD, "options-old", TUNE, FAIL, "is of RocksDB %s; a listener in an OPTIONS file needs 6.29",                            \
	  "use the preload (`lodestone run`)")                                                                                             \
	X(PRELOAD_OUT, "no-preload", TUNE, FAIL, "the preload is not in it",                                                               \
	  "start it with `lodestone run -- COMMAND`, or with liblodestone-plugin.so and an entry in its OPTIONS file; a running process cannot be entered")                                                 \
	X(PRELOAD_REFUSED, "preload-refused", TUNE, FAIL, "LD_PRELOAD names the preload (%s), but the loader did not take it",             \
	  "is the library there and readable for it? the loader says why on the program's standard error")                                 \
	X(PRELOAD_OUTSIDE, "preload-outside", TUNE, FAIL, "LD_PRELOAD names %s, which is not there in its mount namespace",                \
	  "mount or copy the liblodestone*.so into the container, in the same directory")                                                  \
	X(AGENT_IN, "agent", TUNE, OK, "the agent answers at %s", NULL)                                                                    \
	X(AGENT_OUT, "no-agent", TUNE, WARN, "the agent is not in it: no database has been opened since the start", NULL)                  \
	X(AGENT_IDLE, "agent-idle", TUNE, FAIL, "the agent is in it and does nothing: no database was opened that can be tuned (its log says why)", \
	  NULL)                                                                                                                            \
	X(WITHIN_IDLE, "linked-in-idle", TUNE, WARN, "nobody has called the tuner that is linked in, or it has refused",                    \
	  "attach a database (lodestone.h), or give the file that it loads its options from the entry listeners={{id=lodestone}}: with an "  \
	  "entry it comes at the first flush; RocksDB's LOG and the tuner's say why it refuses")                                           \
	X(AGENT_SILENT, "agent-silent", TUNE, FAIL, "the agent does not answer: %s",                                                                        \
	  "look at the process's log; agent.runtime_dir must be a directory it can write to")                                              \
	X(READ_ONLY, "read-only", TUNE, FAIL, "is open without the right to write (read-only, or as a secondary): nothing of it can be tuned", \
	  "tune the process that writes")                                                                                                  \
	X(READ_ONLY_TOO, "read-only", TUNE, NOTE, "is open without the right to write, too: left alone", NULL)                             \
	X(INERT, "left-alone", TUNE, FAIL, "is not tuned: %s", NULL)                                                                       \
	X(INERT_READER, "left-alone", TUNE, NOTE, "is not tuned: %s", NULL)                                                                \
	X(STATE, "state", TUNE, OK, "%s", NULL)                                                                                            \
	X(SAFE, "safe", TUNE, FAIL, "%s", "see `lodestone journal`, then `lodestone resume`")                                              \
	X(LIMITED, "limited", TUNE, WARN, "is limited: %s", NULL)                                                                          \
	X(NO_STATISTICS, "no-statistics", TUNE, WARN, "has no Statistics: judged by writes per second and stalls only; reads are not seen",                                             \
	  "give it a Statistics object, or set agent.statistics = auto and open it again")                                                                     \
	X(NO_DATABASE, "no-database", TUNE, WARN, "no database is open that can be tuned", NULL)                                           \
	X(OBSERVES, "observe", TUNE, NOTE, "it observes and changes nothing", "agent.mode = auto lets it act")                             \
	X(WARNING, "warning", TUNE, WARN, "%s", NULL)                                                                                      \
	/* checks */                                                                                                                       \
	X(LIBRARY, "library", CHECK, OK, "%s", NULL)                                                                                       \
	X(NO_LIBRARY, "no-library", CHECK, FAIL, "was not found beside this command nor in " LODE_LIBDIR,                                  \
	  "install it, or build it in the same directory as this command")                                                                 \
	X(BAD_LIBRARY, "bad-library", CHECK, FAIL, "%s", "install it again")                                                               \
	X(LIBRARY_NEEDS, "library-needs", CHECK, WARN, "needs %s beside libc", "fine in a sanitizer's build; in a release it must not be") \
	X(PLUGIN, "plugin-library", CHECK, OK, "makes the entry known to programs with %s",  NULL)                                        \
	X(NO_PLUGIN, "no-plugin-library", CHECK, FAIL, "was not found beside this command nor in " LODE_LIBDIR,                            \
	  "install it, or build RocksDB with the plugin in it; without either nobody knows the entry")                                     \
	X(PLUGIN_ROCKSDB, "plugin-rocksdb", CHECK, FAIL, "needs %s, which was not found", "install that version, or build the plugin for the one that is there") \
	X(PLUGIN_VERSION, "plugin-version", CHECK, WARN, "is for %s",                                                                      \
	  "it registers nothing in a program with another version; build it with that one's headers, or use the preload")                  \
	X(CONFIG, "configuration", CHECK, OK, "%s", NULL)                                                                                  \
	X(CONFIG_BAD, "configuration-problem", CHECK, FAIL, "%s", "the default is in force until it is right")                             \
	X(KILL_SWITCH, "kill-switch", CHECK, FAIL, "the kill switch LODESTONE_DISABLE is set", "unset LODESTONE_DISABLE")                  \
	X(DIRECTORY, "directory", CHECK, OK, "%s", NULL)                                                                                   \
	X(NO_DIRECTORY, "directory-unwritable", CHECK, WARN, "%s",                                                                         \
	  "the tuned process's user counts, not yours; agent.state_dir and agent.runtime_dir name other places")                           \
	X(LONG_SOCKET, "socket-name", CHECK, FAIL, "a control socket's name must be shorter than 108 bytes",                               \
	  "choose a shorter agent.runtime_dir")                                                                                            \
	X(MODEL, "model", CHECK, OK, "%s", NULL)                                                                                           \
	X(MODEL_UNASKED, "model-unasked", CHECK, NOTE, "was not asked", "--ask makes one small real call")                                 \
	X(MODEL_BAD, "model-problem", CHECK, FAIL, "%s", "see [llm] in `lodestone help config`; until then the built-in expert advises")   \
	X(MODEL_FAILED, "model-failed", CHECK, FAIL, "%s", "see [llm] in `lodestone help config`")

enum cli_code {
#define X(id, code, part, health, text, mend) CLI_F_##id,
	CLI_RULES(X)
#undef X
	CLI_F_N
};

#endif
