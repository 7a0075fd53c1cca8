# Compiler, warnings, optimisation. One build serves the program and its tests.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")   # CHECKs stay on: they guard credentials
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")

option(NEOID_TESTS "build the tests" ON)
option(NEOID_FUZZ "build the fuzz targets (clang)" OFF)
set(NEOID_SANITIZE "" CACHE STRING "address,undefined or thread; empty for none")

add_compile_options(-pthread)   # everywhere, or the precompiled header does not fit
add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Wpedantic -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees impossible lengths in std::string's own code once it has inlined it (GCC bugs 105329 and 105651).
  add_compile_options(-Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety)
endif()
if(NEOID_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(NEOID_SANITIZE)
  add_compile_options(-fsanitize=${NEOID_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_compile_options($<$<CONFIG:Debug>:-O1>)   # at -O0 a batch takes longer than a database waits within a transaction
  add_link_options(-fsanitize=${NEOID_SANITIZE})
endif()

find_program(NEOID_MOLD mold)
if(NEOID_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
find_program(NEOID_CCACHE ccache)
if(NEOID_CCACHE)
  # The precompiled header's stamps need these two sloppinesses; ccache's manual, "Precompiled headers".
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${NEOID_CCACHE})
endif()
