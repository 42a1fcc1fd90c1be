// The tests act this tracker themselves; see the demo pixel's tab.
