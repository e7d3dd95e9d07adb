# The op tests of the CPU once more, on the GPU; and the whole model. Skipped where there is no GPU.
foreach(name rows matmul attend select)
  set(target test_cuda_${name})
  add_executable(${target} ${CMAKE_CURRENT_LIST_DIR}/cpu/${name}.test.cpp)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_LIST_DIR})
  target_compile_definitions(${target} PRIVATE LONGLEAF_TEST_CUDA)
  target_link_libraries(${target} PRIVATE longleaf_flags longleaf_cpu longleaf_cuda longleaf_ops)
  add_test(NAME cuda/${name} COMMAND ${target})
  set_tests_properties(cuda/${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)
endforeach()

add_executable(test_cuda_forward ${CMAKE_CURRENT_LIST_DIR}/cuda/forward.test.cpp)
target_include_directories(test_cuda_forward PRIVATE ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(test_cuda_forward PRIVATE longleaf_flags longleaf_engine)
add_test(NAME cuda/forward COMMAND test_cuda_forward)
set_tests_properties(cuda/forward PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)

# Figures for native/README.md: test/bench/cuda.sh runs it. Not a test.
add_executable(longleaf_bench_cuda ${CMAKE_CURRENT_LIST_DIR}/../bench/cuda.cpp)
target_link_libraries(longleaf_bench_cuda PRIVATE longleaf_flags longleaf_cuda longleaf_ops)
add_executable(longleaf_bench_model ${CMAKE_CURRENT_LIST_DIR}/../bench/model.cpp)
target_include_directories(longleaf_bench_model PRIVATE ${CMAKE_CURRENT_LIST_DIR})
target_compile_definitions(longleaf_bench_model PRIVATE LONGLEAF_CUDA)
target_link_libraries(longleaf_bench_model PRIVATE longleaf_flags longleaf_engine)

add_custom_target(longleaf_cuda_tests DEPENDS longleaf_bench_cuda longleaf_bench_model test_cuda_rows test_cuda_matmul
  test_cuda_attend test_cuda_select test_cuda_forward)
