"""A workflow engine: JSON workflows with variables, expressions, loops, conditions and files, run by an asyncio queue.

    engine = Engine(Library("workflows"), folder="run")
    asyncio.run(engine.run("reprice", {"rate": 1.19}))

It is what heapgate's Python scenarios run: the parts that such programs are made of, each of which can leak. Python 3.9
and later, standard library alone.
"""
