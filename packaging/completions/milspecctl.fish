complete --keep-order --exclusive --command milspecctl --arguments "(MILSPECCTL_COMPLETE=fish milspecctl -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
