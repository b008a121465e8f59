import sys,time
from ledger.comparing.comparison import compare_fuzz
fault=sys.argv[1]; gives=sys.argv[2:3]
t=time.time()
c=compare_fuzz([sys.executable,"-m","tests.engines.mutated",fault,*gives],examples=60,seed=0,timeout=5)
print(fault,time.time()-t,"s")
f=c.found
if f is None: print("agrees",c.tally, c.farewell)
else:
    print(c.where, f.is_repeated,f.keeps_state,f.is_confirmed, f.mismatch.name, f.mismatch)
    if f.shortened:
        print(len(f.log),"->",len(f.short_log),f.shortened.is_exhausted, f.shortened.genesis)
        for t in f.short_log: print("   ",t)
        print(f.short_mismatch)
