# The op tests of the CPU once more, on the GPU; and the whole model. Skipped where there is no GPU.
foreach(name rows families quants matmul attend select blocks rank)
  set(target test_cuda_${name})
  add_executable(${target} ${CMAKE_CURRENT_LIST_DIR}/cpu/${name}.test.cpp)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_LIST_DIR})
  target_compile_definitions(${target} PRIVATE LONGLEAF_TEST_CUDA
    LONGLEAF_REPO="${CMAKE_CURRENT_LIST_DIR}/../..")
  target_link_libraries(${target} PRIVATE longleaf_flags longleaf_cpu longleaf_cuda longleaf_ops)
  add_test(NAME cuda/${name} COMMAND ${target})
  set_tests_properties(cuda/${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)
endforeach()

foreach(name forward fault)
  add_executable(test_cuda_${name} ${CMAKE_CURRENT_LIST_DIR}/cuda/${name}.test.cpp)
endforeach()
target_sources(test_cuda_fault PRIVATE ${CMAKE_CURRENT_LIST_DIR}/cuda/fault_kernel.cu)
add_executable(test_cuda_logits ${CMAKE_CURRENT_LIST_DIR}/engine/logits.test.cpp)
target_compile_definitions(test_cuda_logits PRIVATE LONGLEAF_TEST_CUDA LONGLEAF_REPO="${CMAKE_CURRENT_LIST_DIR}/../..")
add_executable(test_cuda_models ${CMAKE_CURRENT_LIST_DIR}/engine/families.test.cpp)
target_compile_definitions(test_cuda_models PRIVATE LONGLEAF_TEST_CUDA LONGLEAF_REPO="${CMAKE_CURRENT_LIST_DIR}/../..")
foreach(name forward fault logits models)
  target_include_directories(test_cuda_${name} PRIVATE ${CMAKE_CURRENT_LIST_DIR})
  target_link_libraries(test_cuda_${name} PRIVATE longleaf_flags longleaf_engine)
  add_test(NAME cuda/${name} COMMAND test_cuda_${name})
  set_tests_properties(cuda/${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)
endforeach()

# Figures for native/README.md: test/bench/cuda.sh runs it. Not a test.
add_executable(longleaf_bench_cuda EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/../bench/cuda.cpp)
target_link_libraries(longleaf_bench_cuda PRIVATE longleaf_flags longleaf_cpu longleaf_cuda longleaf_ops)

add_executable(longleaf_bench_products EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/../bench/products.cpp)
target_link_libraries(longleaf_bench_products PRIVATE longleaf_flags longleaf_cuda longleaf_ops)

add_executable(longleaf_bench_patterns EXCLUDE_FROM_ALL ${CMAKE_CURRENT_LIST_DIR}/../bench/patterns.cpp)
target_link_libraries(longleaf_bench_patterns PRIVATE longleaf_flags longleaf_cpu longleaf_cuda longleaf_ops)

add_custom_target(longleaf_cuda_tests DEPENDS longleaf_bench_cuda longleaf_bench_products longleaf_bench_model
  longleaf_bench_patterns
  test_cuda_rows test_cuda_families test_cuda_quants test_cuda_matmul test_cuda_attend test_cuda_select test_cuda_blocks test_cuda_rank test_cuda_forward test_cuda_fault test_cuda_logits test_cuda_models)
