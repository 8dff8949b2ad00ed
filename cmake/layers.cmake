# One static library for each layer of layers.txt whose folder exists, so that a product links only the layers that it may
# contain, and a layer that calls a higher one does not link.

# Makes a library for each layer of `layers_file` whose folder exists below `root`, compiled with the options of the
# targets `options`. It is named after the path below core/: core/store/memory is plog_store_memory, server/http is
# plog_server_http. Sets PLOG_LAYERS_<product> in the caller's scope, for each product in library, plog and tests: the
# libraries that are linked into it, highest first, as static libraries must be.
function(plog_add_layers root layers_file options)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${layers_file})
  file(STRINGS ${layers_file} lines REGEX "^[a-z]")
  # The folders that are layers of their own, to be left out of the layer that contains them.
  set(folders "")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "^[^ ]+" folder "${line}")
    list(APPEND folders ${folder})
  endforeach()

  set(library "")
  set(plog "")
  set(tests "")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE " +" ";" columns "${line}")
    list(POP_FRONT columns folder product)
    if(NOT product MATCHES "^(library|plog|tests)$")
      message(FATAL_ERROR "${layers_file}: ${folder} has the product \"${product}\"; use library, plog or tests")
    endif()
    if(NOT IS_DIRECTORY ${root}/${folder})
      continue()
    endif()

    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${root}/${folder}/*.cpp)
    foreach(other IN LISTS folders)
      if(other MATCHES "^${folder}/")
        list(FILTER sources EXCLUDE REGEX "/${other}/")
      endif()
    endforeach()
    if(NOT sources)
      continue()
    endif()

    string(REGEX REPLACE "^core/" "" name ${folder})
    string(REPLACE "/" "_" name plog_${name})
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PRIVATE ${options})
    set_target_properties(${name} PROPERTIES ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/layers)
    if(product STREQUAL "tests")
      set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    endif()
    # The layers that this one may use.
    set(usable ${library})
    if(NOT product STREQUAL "library")
      list(PREPEND usable ${plog})
    endif()
    if(product STREQUAL "tests")
      list(PREPEND usable ${tests})
    endif()
    set_target_properties(${name} PROPERTIES PLOG_USABLE "${usable}")
    list(PREPEND ${product} ${name})
  endforeach()

  foreach(product library plog tests)
    set(PLOG_LAYERS_${product} ${${product}} PARENT_SCOPE)
  endforeach()
endfunction()

# plog_check_layers(dependencies layer...) makes the target plog_layers. It links each layer with the layers that it may
# use and nothing else but `dependencies`, so it fails when a layer calls one that it must not use.
function(plog_check_layers dependencies)
  foreach(name IN LISTS ARGN)
    get_target_property(usable ${name} PLOG_USABLE)
    add_library(${name}_linked MODULE $<TARGET_OBJECTS:${name}>)
    set_target_properties(${name}_linked PROPERTIES LINKER_LANGUAGE CXX
                          LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/layers)
    target_link_libraries(${name}_linked PRIVATE ${usable} ${dependencies})
    target_link_options(${name}_linked PRIVATE -Wl,--no-undefined)
    list(APPEND linked ${name}_linked)
  endforeach()
  add_custom_target(plog_layers ALL DEPENDS ${linked})
endfunction()
