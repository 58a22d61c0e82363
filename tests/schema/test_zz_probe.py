from accord.tests.schema import test_reference as t
from accord.tests.schema.test_reference import loop, sqlite, GENERATED, documents
from accord.tests.reference.documents import _Document
from hypothesis import given, settings, strategies as st
import traceback, pytest
runs=[]
@settings(GENERATED, max_examples=500)
@given(data=st.data())
def test_gen(sqlite, data):
    trace=[]
    run=[trace,data.conjecture_data,None]
    runs.append(run)
    @st.composite
    def traced(draw):
        def d(s):
            where=[f.lineno for f in traceback.extract_stack(limit=5)]
            trace.append(("ask",where,repr(s)[:80]))
            v=draw(s)
            trace.append(("got",where,repr(v)[:200]))
            return v
        return _Document(d, sqlite.values).whole()
    run[2]=data.draw(traced()).text
    trace.append("end")
def test_z():
    R=[]
    for tr,cd,txt in runs:
        R.append((tuple((n.type,repr(n.value)) for n in cd.nodes),tr,cd,txt))
    done={c:x for x in R if x[1][-1]=="end" for c in [x[0]]}
    print("RUNS",len(runs), len(done))
    lens={len(c) for c in done}
    for x in R:
        for n in lens:
            if n<=len(x[0]) and x[0][:n] in done and done[x[0][:n]] is not x:
                k=done[x[0][:n]]
                if x[1]==k[1]: continue
                print("PREFIX", n, len(x[0]), x[1][-1])
                print(k[3]); print(x[3])
                for i,(a,b) in enumerate(zip(k[1],x[1])):
                    if a!=b: print("DIFF",i,a,b); print(k[1][i-2:i+3]); print(x[1][i-2:i+3]); break
                return
