"""The run: what Dify is asked, its events watched to their end, memory and deliveries around it."""
