await CommandRunner.main()
