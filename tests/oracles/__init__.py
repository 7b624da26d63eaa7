"""Reference trajectories of the strategies, made by other libraries, and the script that makes them."""
