"""What leaves the project as files: a question's own, and every format of `livingmeta export`."""
