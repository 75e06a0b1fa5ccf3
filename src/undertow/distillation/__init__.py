"""The losses that teach a student to make the sound of a teacher, each in its own file."""
