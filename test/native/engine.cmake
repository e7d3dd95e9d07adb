# Tests of native/engine on tiny random models, and on the bundled one.
foreach(name allocation answer_text device_choice forward memory_plan mini progress session timeline turn)
  longleaf_test(engine ${name})
endforeach()
set_tests_properties(engine/mini PROPERTIES TIMEOUT 300)
