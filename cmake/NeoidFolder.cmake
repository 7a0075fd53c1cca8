# neoid_folder(PATH DEPS folder... LIBS target...): the library of one folder, all its *.cc.
# neoid_program(PATH NAME name DEPS ... LIBS ...): the same, and an executable of its main.cc.
# neoid_tests(PATH DEPS ...): tests/PATH/*_test.cc, *_dbtest.cc, *_e2etest.cc as one test binary.
# neoid_test_program(PATH NAME DEPS ...): tests/PATH/NAME.cc as tests/PATH_NAME, built with the tests of PATH that run it.
# neoid_bench(NAME DEPS ...): tests/bench/NAME_bench.cc as bench/bench_NAME.
# neoid_fuzz(NAME DEPS ...): tests/fuzz/NAME_fuzz.cc as fuzz/fuzz_NAME, under the preset `fuzz`.
# neoid_embed(crd): crd/*.yaml as string constants in a generated source file.
# neoid_embed_sql(PATH): PATH/migrations/*.sql as string constants in the library of PATH.
# neoid_next_release(FOLDER): the program again, as tests/neoid_next: with the migrations of FOLDER after its own.

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
  # Several files of a folder in one compilation: the same templates are instantiated once for all of them, which halves
  # the clean build. Not where files of a folder have private helpers of the same name.
  if(NOT path MATCHES "^(reconcile/cel|reconcile/policy|controller/apiserver/auth)$")
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 4)
    # Its private class has members of private types, which g++ only allows in a file of its own.
    set_source_files_properties(${PROJECT_SOURCE_DIR}/controller/http/client.cc
                                PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()

function(neoid_program path)
  cmake_parse_arguments(ARG "" "NAME" "DEPS;LIBS" ${ARGN})
  neoid_target_name(${path} library)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${path}/*.cc)
  list(REMOVE_ITEM sources ${PROJECT_SOURCE_DIR}/${path}/main.cc)
  add_library(${library} STATIC ${sources})
  neoid_link(${library} DEPS ${ARG_DEPS})
  neoid_precompile(${library} neoid_pch)
  add_executable(${ARG_NAME} ${PROJECT_SOURCE_DIR}/${path}/main.cc)
  set_target_properties(${ARG_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  target_compile_definitions(${ARG_NAME} PRIVATE NEOID_VERSION="${NEOID_VERSION}")
  neoid_link(${ARG_NAME} DEPS ${path} LIBS ${ARG_LIBS})
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
  if(NOT path MATCHES "^(e2e|controller/(admission|oauth|apiserver/openapi)|reconcile/(api|plan|schema|status))$")   # as above: private names
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 3)
  endif()
  add_test(NAME ${path} COMMAND ${name})
endfunction()

function(neoid_test_program path program)
  set(name "${path}_${program}")
  add_executable(${name} ${PROJECT_SOURCE_DIR}/tests/${path}/${program}.cc)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  neoid_link(${name} ${ARGN})
  neoid_precompile(${name} neoid_pch)
  add_dependencies(test_${path} ${name})
endfunction()

function(neoid_bench name)
  add_executable(bench_${name} ${PROJECT_SOURCE_DIR}/tests/bench/${name}_bench.cc)
  set_target_properties(bench_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
  target_compile_definitions(bench_${name} PRIVATE NEOID_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  neoid_link(bench_${name} ${ARGN})
  neoid_precompile(bench_${name} neoid_pch)
endfunction()

function(neoid_fuzz name)
  if(NOT TARGET fuzz)
    add_custom_target(fuzz)
  endif()
  add_executable(fuzz_${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/${name}_fuzz.cc)
  set_target_properties(fuzz_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  neoid_link(fuzz_${name} ${ARGN})
  add_dependencies(fuzz fuzz_${name})
endfunction()

# The files of a pattern as string constants in the library of TO; cmake/embed.cmake says what each word means.
function(neoid_embed_files pattern)
  cmake_parse_arguments(ARG "" "TO;HEADER;NAMESPACE;TYPE;FUNCTION" "" ${ARGN})
  neoid_target_name(${ARG_TO} library)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${pattern})
  set(out ${PROJECT_BINARY_DIR}/generated/${ARG_FUNCTION}.cc)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} "-DFILES=${files}" -DHEADER=${ARG_HEADER} -DNAMESPACE=${ARG_NAMESPACE}
            -DTYPE=${ARG_TYPE} -DFUNCTION=${ARG_FUNCTION} -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
  set_source_files_properties(${out} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)   # neoid_next_release has another one
  target_sources(${library} PRIVATE ${out})
endfunction()

function(neoid_embed folder)
  neoid_embed_files(${folder}/*.yaml TO reconcile/api HEADER reconcile/api/embedded.h NAMESPACE api
                    TYPE EmbeddedFile FUNCTION embedded_${folder})
endfunction()

function(neoid_embed_sql path)
  neoid_embed_files(${path}/migrations/*.sql TO ${path} HEADER ${path}/migrations.h NAMESPACE store
                    TYPE EmbeddedSql FUNCTION embedded_sql)
endfunction()

# What it defines itself the linker does not take from the library, so every other object is the program's own.
function(neoid_next_release folder)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/controller/store/migrations/*.sql
       ${PROJECT_SOURCE_DIR}/tests/${folder}/*.sql)
  set(out ${PROJECT_BINARY_DIR}/generated/next_release/embedded_sql.cc)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} "-DFILES=${files}" -DHEADER=controller/store/migrations.h -DNAMESPACE=store
            -DTYPE=EmbeddedSql -DFUNCTION=embedded_sql -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
  add_executable(neoid_next ${PROJECT_SOURCE_DIR}/controller/cmd/main.cc ${out})
  set_target_properties(neoid_next PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_compile_definitions(neoid_next PRIVATE NEOID_VERSION="${NEOID_VERSION}+next")
  neoid_link(neoid_next DEPS controller/cmd LIBS CLI11::CLI11)
  neoid_precompile(neoid_next neoid_pch)
endfunction()
