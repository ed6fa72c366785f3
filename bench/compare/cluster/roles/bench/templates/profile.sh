export BENCH_HOME=/opt/bench
