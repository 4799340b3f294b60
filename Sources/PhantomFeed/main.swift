print("phantom-feed")
