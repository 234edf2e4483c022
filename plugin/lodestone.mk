# Built into RocksDB by its own Makefile: with this folder, linked or copied, as plugin/lodestone of a RocksDB tree, `make ROCKSDB_PLUGINS=lodestone` reads this
# file. Nothing but this folder is needed, and the headers of cJSON and libcurl. (RocksDB's CMake reads the folder's CMakeLists.txt, and finds the name of
# the function below by a regular expression: what is written with ":=" it does not see.)
lodestone_FUNC = lodestone_register
lodestone_HEADERS := lodestone.h
lodestone_LDFLAGS := -ldl -lm

# RocksDB's rules know C++ alone, one object for each source. Ours make the object of host/calls.cc, and put all that is C into it.
lodestone_SOURCES := bridge/listener.cc host/calls.cc
lodestone_dir := plugin/lodestone
lodestone_version := $(shell sed -n 's/^.define LODESTONE_VERSION "\(.*\)"/\1/p' $(lodestone_dir)/lodestone.h)
lodestone_flags := -I$(lodestone_dir) -D_GNU_SOURCE -DLODE_STATIC -DLODE_VERSION='"$(lodestone_version)"' \
	-DLODE_LIBDIR='"$(or $(LIBDIR),$(or $(PREFIX),/usr/local)/lib)/lodestone"' $(shell pkg-config --cflags libcjson libcurl)
lodestone_c := $(foreach room,base host sense guard judge advise record agent api,$(wildcard $(lodestone_dir)/$(room)/*.c))
lodestone_c_objects := $(lodestone_c:%.c=$(OBJ_DIR)/%.c.o)

# The first target of a Makefile is its default, and must not be one of these.
lodestone_goal := $(.DEFAULT_GOAL)

# Names that are seen outside are lodestone_*. Not so for the bridge: what it includes of RocksDB, it would hide for the whole library.
$(OBJ_DIR)/$(lodestone_dir)/%: CXXFLAGS += $(lodestone_flags) -Wno-shadow
$(lodestone_c_objects): $(OBJ_DIR)/$(lodestone_dir)/%.c.o: $(lodestone_dir)/%.c
	$(AM_V_CC)mkdir -p $(@D) && $(CC) $(or $(lodestone_OPT),-O2 -g) -fPIC -fvisibility=hidden -fno-strict-aliasing $(lodestone_flags) -MMD -MP -c $< -o $@
$(OBJ_DIR)/$(lodestone_dir)/advise/prompts.c.o: $(wildcard $(lodestone_dir)/advise/prompts/*.txt)
$(OBJ_DIR)/$(lodestone_dir)/host/calls.o: $(lodestone_dir)/host/calls.cc $(lodestone_c_objects)
	$(AM_V_CC)mkdir -p $(@D) && $(CXX) $(CXXFLAGS) -fPIC -fno-lto -fvisibility=hidden -c $< -o $@.o && \
		$(CXX) -nostdlib -r -o $@ $@.o $(lodestone_c_objects)
-include $(lodestone_c_objects:.o=.d)

.DEFAULT_GOAL := $(lodestone_goal)
