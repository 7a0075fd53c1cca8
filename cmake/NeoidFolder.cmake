# neoid_folder(PATH DEPS folder... LIBS target...): the library of one folder, all its *.cc.
# neoid_program(PATH NAME name DEPS ... LIBS ...): the executable of one folder.
# neoid_tests(PATH DEPS ...): tests/PATH/*_test.cc, *_dbtest.cc, *_e2etest.cc as one test binary.
# neoid_embed(crd): crd/*.yaml as string constants in a generated source file.
# neoid_embed_sql(PATH): PATH/migrations/*.sql as string constants in the library of PATH.

function(neoid_target_name path out)
  string(REPLACE "/" "_" name "${path}")
  set(${out} "neoid_${name}" PARENT_SCOPE)
endfunction()

# One precompiled header for the product, one for the tests (their optimisation differs).
function(neoid_precompile target holder)
  if(NOT TARGET ${holder})
    file(WRITE ${PROJECT_BINARY_DIR}/pch/${holder}.cc "")
    add_library(${holder} OBJECT ${PROJECT_BINARY_DIR}/pch/${holder}.cc)
    target_link_libraries(${holder} PUBLIC nlohmann_json::nlohmann_json fmt::fmt Threads::Threads)
    target_precompile_headers(${holder} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/pch.h)
    if(holder STREQUAL "neoid_pch_tests")
      target_link_libraries(${holder} PUBLIC GTest::gtest GTest::gmock)
      target_precompile_headers(${holder} PRIVATE <gtest/gtest.h> <gmock/gmock.h>)
      target_compile_options(${holder} PRIVATE -O0)
    endif()
  endif()
  target_precompile_headers(${target} REUSE_FROM ${holder})
endfunction()

function(neoid_link target)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  foreach(dep IN LISTS ARG_DEPS)
    if(dep)
      neoid_target_name(${dep} name)
      target_link_libraries(${target} PUBLIC ${name})
    endif()
  endforeach()
  target_link_libraries(${target} PUBLIC nlohmann_json::nlohmann_json fmt::fmt Threads::Threads ${ARG_LIBS})
endfunction()

function(neoid_folder path)
  neoid_target_name(${path} name)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${path}/*.cc)
  if(NOT sources)
    file(WRITE ${PROJECT_BINARY_DIR}/empty/${name}.cc "")
    set(sources ${PROJECT_BINARY_DIR}/empty/${name}.cc)
  endif()
  add_library(${name} STATIC ${sources})
  neoid_link(${name} ${ARGN})
  neoid_precompile(${name} neoid_pch)
endfunction()

function(neoid_program path)
  cmake_parse_arguments(ARG "" "NAME" "DEPS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${path}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${ARG_NAME} ${sources})
  set_target_properties(${ARG_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  target_compile_definitions(${ARG_NAME} PRIVATE NEOID_VERSION="${NEOID_VERSION}")
  neoid_link(${ARG_NAME} DEPS ${ARG_DEPS} LIBS ${ARG_LIBS})
  neoid_precompile(${ARG_NAME} neoid_pch)
endfunction()

function(neoid_tests path)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/tests/${path}/*_test.cc ${PROJECT_SOURCE_DIR}/tests/${path}/*_dbtest.cc
    ${PROJECT_SOURCE_DIR}/tests/${path}/*_e2etest.cc ${PROJECT_SOURCE_DIR}/tests/${path}/*_support.cc)
  if(NOT sources)
    return()
  endif()
  string(REPLACE "/" "_" name "test_${path}")
  add_executable(${name} ${sources})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_compile_options(${name} PRIVATE -O0)
  target_compile_definitions(${name} PRIVATE
    NEOID_SOURCE_DIR="${PROJECT_SOURCE_DIR}" NEOID_BINARY_DIR="${PROJECT_BINARY_DIR}")
  neoid_link(${name} DEPS ${ARG_DEPS} LIBS ${ARG_LIBS} GTest::gtest_main GTest::gmock)
  neoid_precompile(${name} neoid_pch_tests)
  add_test(NAME ${path} COMMAND ${name})
endfunction()

function(neoid_embed folder)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.yaml)
  set(out ${PROJECT_BINARY_DIR}/generated/embedded_${folder}.cc)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DFOLDER=${folder} "-DFILES=${files}"
            -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
  target_sources(neoid_reconcile_api PRIVATE ${out})
endfunction()

function(neoid_embed_sql path)
  neoid_target_name(${path} name)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${path}/migrations/*.sql)
  set(out ${PROJECT_BINARY_DIR}/generated/${name}_sql.cc)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} "-DFILES=${files}" -P ${PROJECT_SOURCE_DIR}/cmake/embed_sql.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed_sql.cmake VERBATIM)
  target_sources(${name} PRIVATE ${out})
endfunction()
