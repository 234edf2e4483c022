# lode_stand_in(NAME SOURCE ROOM...): SOURCE in the agent's place, with a copy of the preload beside it: that looks for the agent beside itself, so a link
# would not do. Never installed.
include_guard()
function(lode_stand_in name source)
  set(dir ${CMAKE_CURRENT_BINARY_DIR}/${name})
  add_library(lode_${name} SHARED ${source})
  set_target_properties(lode_${name} PROPERTIES OUTPUT_NAME lodestone LIBRARY_OUTPUT_DIRECTORY ${dir} LINKER_LANGUAGE CXX
    LINK_DEPENDS ${CMAKE_SOURCE_DIR}/plugin/lodestone.map)
  target_compile_definitions(lode_${name} PRIVATE _GNU_SOURCE)
  target_include_directories(lode_${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(lode_${name} PRIVATE ${ARGN})
  target_link_options(lode_${name} PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/plugin/lodestone.map
    -Wl,--exclude-libs,ALL -Wl,-Bsymbolic -Wl,-z,nodelete -Wl,-z,now)
  add_custom_command(OUTPUT ${dir}/liblodestone-preload.so
    COMMAND ${CMAKE_COMMAND} -E make_directory ${dir}
    COMMAND ${CMAKE_COMMAND} -E copy $<TARGET_FILE:lodestone-preload> ${dir}/liblodestone-preload.so
    DEPENDS lodestone-preload)
  add_custom_target(lode_${name}_preload ALL DEPENDS ${dir}/liblodestone-preload.so lode_${name})
endfunction()
