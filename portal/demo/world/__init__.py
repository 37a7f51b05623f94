"""The demo world around the imported people: made up, and the same every time it is made.

`build.make_world()` is the way in. Every module draws from one random.Random with a fixed seed; what depends on the
day (reviews, due dates, ends of grants) is counted from the day on which the world is made.
"""
