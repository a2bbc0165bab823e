#![no_main]
enable_dual_stack_fuzz::text_target!(enable_dual_stack_fuzz::readers);
