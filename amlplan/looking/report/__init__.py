"""Reports: one page of HTML about one run or several, which needs no other file and no network."""
